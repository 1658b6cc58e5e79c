//! The life of a process, from the first task to the last.
//!
//! Shutdown has three moments, each a cancellation token:
//!
//! 1. **soft**: the process was asked to stop, or a task died. No new connections; requests in flight go on;
//!    sockets are told to reconnect; consumers finish the event in hand.
//! 2. **drained**: the last request is answered. What requests feed (relays, queues) finishes now.
//! 3. **hard**: the budget is used up, or a second signal came. Every task is dropped where it stands.
//!
//! A task given to [`Lifecycle::spawn`] lives as long as the process: if it panics, fails or just ends before
//! **soft**, the process stops and exits with code 1, because a service without its relay is worse than a
//! service that restarts.

mod task;

use std::any::Any;
use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};

use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::task::panic_text;

pub use self::task::{BoxError, Ending, Outcome, TaskFailure};

/// The tasks of the process and the tokens that stop them. Cloning is cheap and shares both.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    soft: CancellationToken,
    drained: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
    runtime: Handle,
    failure: OnceLock<TaskFailure>,
}

impl Lifecycle {
    /// A life cycle whose tasks run on `runtime`, from whichever thread they are spawned.
    #[must_use]
    pub fn new(runtime: Handle) -> Self {
        Self {
            inner: Arc::new(Inner {
                soft: CancellationToken::new(),
                drained: CancellationToken::new(),
                hard: CancellationToken::new(),
                tasks: TaskTracker::new(),
                runtime,
                failure: OnceLock::new(),
            }),
        }
    }

    /// Cancelled when the process is asked to stop.
    #[must_use]
    pub fn soft(&self) -> CancellationToken {
        self.inner.soft.clone()
    }

    /// Cancelled when the last request is answered: the token for relays and other work that requests feed.
    #[must_use]
    pub fn drained(&self) -> CancellationToken {
        self.inner.drained.clone()
    }

    /// Cancelled when nothing may take any longer.
    #[must_use]
    pub fn hard(&self) -> CancellationToken {
        self.inner.hard.clone()
    }

    /// Whether the process was asked to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.inner.soft.is_cancelled()
    }

    /// Asks the process to stop gracefully.
    pub fn stop(&self) {
        self.inner.soft.cancel();
    }

    /// Stops the process at once.
    pub fn abort(&self) {
        self.inner.soft.cancel();
        self.inner.drained.cancel();
        self.inner.hard.cancel();
    }

    /// Runs a task that lives as long as the process. It watches [`Self::soft`] or [`Self::drained`] itself;
    /// on **hard** it is dropped. Ending earlier, an error or a panic fails the process.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future + Send + 'static,
        F::Output: Outcome,
    {
        let life = self.clone();
        self.track(async move {
            let Some(ended) = life.guard(task).await else { return };
            let ending = match ended.map(Outcome::into_result) {
                Err(panic) => Ending::Panicked(panic_text(panic.as_ref())),
                Ok(Err(error)) => Ending::Failed(error),
                Ok(Ok(())) if life.is_stopping() => return,
                Ok(Ok(())) => Ending::Returned,
            };
            life.fail(TaskFailure { task: name, ending });
        });
    }

    /// Runs a task that ends by itself, such as work that outlives its request. Shutdown waits for it. An
    /// error or a panic is logged under `name`, and the process goes on.
    pub fn spawn_brief<F>(&self, name: &'static str, task: F)
    where
        F: Future + Send + 'static,
        F::Output: Outcome,
    {
        let life = self.clone();
        self.track(async move {
            match life.guard(task).await.map(|ended| ended.map(Outcome::into_result)) {
                Some(Err(panic)) => tracing::error!(task = name, "panicked: {}", panic_text(panic.as_ref())),
                Some(Ok(Err(error))) => tracing::error!(task = name, error, "a brief task failed"),
                Some(Ok(Ok(()))) | None => {}
            }
        });
    }

    /// Fails the process for a reason outside any task: soft stop now, exit code 1 at the end.
    pub fn fail(&self, failure: TaskFailure) {
        tracing::error!(task = failure.task, "stopping: {failure}");
        // The first failure is the reason; what dies after it is the consequence.
        let _ = self.inner.failure.set(failure);
        self.inner.soft.cancel();
    }

    /// Turns SIGTERM and SIGINT into **soft**, and any further one into **hard**.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn obey_signals(&self) -> io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let life = self.clone();
        self.inner.runtime.spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if life.is_stopping() {
                    tracing::warn!("a second signal: stopping at once");
                    return life.abort();
                }
                tracing::info!("asked to stop");
                life.stop();
            }
        });
        Ok(())
    }

    /// The failure that stopped the process, if one did.
    #[must_use]
    pub fn failure(&self) -> Option<&TaskFailure> {
        self.inner.failure.get()
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.inner.runtime
    }

    /// Waits until every task has ended.
    pub(crate) async fn tasks_ended(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    fn track(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.inner.tasks.spawn_on(task, &self.inner.runtime);
    }

    /// The output of `task` or its panic; `None` when **hard** came first.
    async fn guard<F: Future>(&self, task: F) -> Option<Result<F::Output, Box<dyn Any + Send>>> {
        tokio::select! {
            biased;
            () = self.inner.hard.cancelled() => None,
            ended = AssertUnwindSafe(task).catch_unwind() => Some(ended),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::{BoxError, Ending, Lifecycle};

    const SOON: Duration = Duration::from_secs(5);

    fn life() -> Lifecycle {
        Lifecycle::new(tokio::runtime::Handle::current())
    }

    /// G-9: a process whose background task died does not linger half alive.
    #[tokio::test]
    async fn a_panicking_task_stops_the_process_and_is_its_failure() {
        let life = life();
        life.spawn("relay", async {
            if life_is_hard() {
                panic!("lost my mind");
            }
        });
        timeout(SOON, life.soft().cancelled()).await.unwrap();
        assert_eq!(life.failure().unwrap().to_string(), "the task `relay` panicked: lost my mind");
    }

    fn life_is_hard() -> bool {
        true
    }

    #[tokio::test]
    async fn a_task_that_just_ends_is_dead() {
        let life = life();
        life.spawn("consumer", async {});
        timeout(SOON, life.soft().cancelled()).await.unwrap();
        assert!(matches!(life.failure().unwrap().ending, Ending::Returned));
    }

    #[tokio::test]
    async fn an_error_carries_its_causes() {
        let life = life();
        life.spawn("consumer", async { Err::<(), BoxError>("no such topic".into()) });
        timeout(SOON, life.soft().cancelled()).await.unwrap();
        assert_eq!(life.failure().unwrap().to_string(), "the task `consumer` failed: no such topic");
    }

    #[tokio::test]
    async fn a_task_that_ends_after_soft_is_well_behaved() {
        let life = life();
        let soft = life.soft();
        life.spawn("relay", async move { soft.cancelled().await });
        life.stop();
        timeout(SOON, life.tasks_ended()).await.unwrap();
        assert!(life.failure().is_none());
    }

    #[tokio::test]
    async fn hard_drops_a_task_that_does_not_listen() {
        let life = life();
        life.spawn("deaf", pending::<()>());
        life.abort();
        timeout(SOON, life.tasks_ended()).await.unwrap();
    }

    #[tokio::test]
    async fn a_brief_task_may_fail_without_ending_the_process() {
        let life = life();
        life.spawn_brief("mail", async { Err::<(), BoxError>("no route".into()) });
        timeout(SOON, life.tasks_ended()).await.unwrap();
        assert!(!life.is_stopping());
    }
}
