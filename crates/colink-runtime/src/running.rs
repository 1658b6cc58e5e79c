//! A service that runs, and how it stops.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::Server;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::error::RunError;
use crate::lifecycle::Lifecycle;

/// How long background tasks may take once the last request is answered.
const TASK_BUDGET: Duration = Duration::from_secs(5);
/// How long dropped tasks may take to let go.
const DROP_BUDGET: Duration = Duration::from_secs(1);

/// A started service: it listens and its tasks run.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    lifecycle: Lifecycle,
    supervisor: JoinHandle<Result<(), RunError>>,
}

impl Running {
    pub(crate) fn supervise(
        address: SocketAddr,
        lifecycle: Lifecycle,
        server: Server,
        budget: Duration,
    ) -> Self {
        let supervision = supervise(server, lifecycle.clone(), budget);
        let supervisor = lifecycle.runtime().spawn(supervision);
        Self { address, lifecycle, supervisor }
    }

    /// Where it listens; the port is the real one, also when port 0 was asked for.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Its tasks and tokens.
    #[must_use]
    pub fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    /// Waits until it has stopped, for whatever reason.
    ///
    /// # Errors
    /// [`RunError`] when it did not stop because it was asked to.
    pub async fn wait(self) -> Result<(), RunError> {
        match self.supervisor.await {
            Ok(outcome) => outcome,
            Err(died) => Err(RunError::Task(format!("the supervisor died: {died}"))),
        }
    }

    /// Asks it to stop gracefully, and waits.
    ///
    /// # Errors
    /// [`RunError`] when something failed before or meanwhile.
    pub async fn stop(self) -> Result<(), RunError> {
        self.lifecycle.stop();
        self.wait().await
    }
}

async fn supervise(mut server: Server, lifecycle: Lifecycle, budget: Duration) -> Result<(), RunError> {
    let soft = lifecycle.soft();
    let served = tokio::select! {
        ended = &mut server => ended,
        () = soft.cancelled() => {
            finish_requests(&mut server, &lifecycle.hard(), budget).await;
            Ok(())
        }
    };
    lifecycle.stop();
    // Dropping the server closes whatever the budget did not suffice for.
    drop(server);
    lifecycle.drained().cancel();
    or_cut_short(&lifecycle.hard(), TASK_BUDGET, lifecycle.tasks_ended()).await;
    lifecycle.abort();
    if timeout(DROP_BUDGET, lifecycle.tasks_ended()).await.is_err() {
        tracing::warn!("a task blocks its thread and was left behind");
    }
    match (served, lifecycle.failure()) {
        (Err(error), _) => Err(RunError::Server(error)),
        (Ok(()), Some(failure)) => Err(RunError::Task(failure.to_string())),
        (Ok(()), None) => Ok(()),
    }
}

/// Stops accepting and lets requests in flight end; the server's future has to be polled for that.
async fn finish_requests(server: &mut Server, hard: &CancellationToken, budget: Duration) {
    tracing::info!(budget_ms = budget.as_millis(), "no new connections; waiting for requests in flight");
    let stop = server.handle().stop(true);
    let finished = async {
        tokio::join!(stop, async {
            if let Err(error) = server.await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the server did not stop well");
            }
        });
    };
    or_cut_short(hard, budget, finished).await;
}

async fn or_cut_short(hard: &CancellationToken, budget: Duration, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = hard.cancelled() => {}
        () = sleep(budget) => tracing::warn!(budget_ms = budget.as_millis(), "the budget is used up"),
    }
}
