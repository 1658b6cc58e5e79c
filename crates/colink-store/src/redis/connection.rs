//! The connection that callers get: the driver's, with a bound on each command, and tried before a command is trusted to it
//! after a loss.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, Pipeline, PushInfo, PushKind, RedisFuture, RedisResult, Value};

/// A connection on which no command takes longer than the configured timeout. Cheap to clone.
#[derive(Clone)]
pub struct RedisConnection {
    manager: ConnectionManager,
    /// Whether the server was lost and has not answered since.
    lost: Arc<AtomicBool>,
    limit: Duration,
}

impl RedisConnection {
    /// A connection that is opened by its first command. Must be called within a tokio runtime.
    pub(super) fn lazy(
        client: &Client,
        settings: &ConnectionManagerConfig,
        limit: Duration,
    ) -> RedisResult<Self> {
        let lost = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&lost);
        let settings = settings.clone().set_push_sender(move |push: PushInfo| {
            mark.fetch_or(push.kind == PushKind::Disconnection, Relaxed);
            Ok::<_, std::convert::Infallible>(())
        });
        Ok(Self { manager: client.get_connection_manager_lazy(settings)?, lost, limit })
    }
}

impl std::fmt::Debug for RedisConnection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RedisConnection").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl ConnectionLike for RedisConnection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        let Self { manager, lost, limit } = self;
        let lost: &AtomicBool = lost;
        Box::pin(within(*limit, lost, async move {
            settle(manager, lost).await;
            manager.send_packed_command(command).await
        }))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let Self { manager, lost, limit } = self;
        let lost: &AtomicBool = lost;
        Box::pin(within(*limit, lost, async move {
            settle(manager, lost).await;
            manager.send_packed_commands(pipeline, offset, count).await
        }))
    }

    fn get_db(&self) -> i64 {
        self.manager.get_db()
    }
}

/// Has the manager connect again where it must. It answers with the outcome of its last attempt, which after a loss may be as
/// old as the loss, and only then makes another; a PING takes that answer in place of a command, which could not be told from
/// one that was sent and may not be repeated.
async fn settle(manager: &mut ConnectionManager, lost: &AtomicBool) {
    if lost.load(Relaxed) {
        let _ = manager.send_packed_command(&redis::cmd("PING")).await;
    }
}

/// Bounds `call`, and notes whether the server was reached.
async fn within<T>(
    limit: Duration,
    lost: &AtomicBool,
    call: impl Future<Output = RedisResult<T>>,
) -> RedisResult<T> {
    let was_lost = lost.load(Relaxed);
    let outcome = match tokio::time::timeout(limit, call).await {
        Ok(outcome) => outcome,
        Err(elapsed) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, elapsed).into()),
    };
    if outcome.as_ref().err().is_some_and(redis::RedisError::is_io_error) {
        lost.store(true, Relaxed);
    } else if was_lost {
        // Only of a loss from before: the server may have gone with its answer.
        lost.store(false, Relaxed);
    }
    outcome
}
