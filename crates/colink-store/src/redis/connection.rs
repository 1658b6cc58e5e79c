//! The connection that callers get: the driver's, with a bound on each command.

use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager};
use redis::{Cmd, Pipeline, RedisFuture, RedisResult, Value};

/// A connection on which no command takes longer than the configured timeout. Cheap to clone.
#[derive(Clone)]
pub struct RedisConnection {
    manager: ConnectionManager,
    limit: Duration,
}

impl RedisConnection {
    pub(super) fn new(manager: ConnectionManager, limit: Duration) -> Self {
        Self { manager, limit }
    }
}

impl std::fmt::Debug for RedisConnection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RedisConnection").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl ConnectionLike for RedisConnection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(within(self.limit, async move {
            match self.manager.send_packed_command(command).await {
                Err(error) if error.is_connection_refusal() => {
                    self.manager.send_packed_command(command).await
                }
                outcome => outcome,
            }
        }))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(within(self.limit, async move {
            match self.manager.send_packed_commands(pipeline, offset, count).await {
                Err(error) if error.is_connection_refusal() => {
                    self.manager.send_packed_commands(pipeline, offset, count).await
                }
                outcome => outcome,
            }
        }))
    }

    fn get_db(&self) -> i64 {
        self.manager.get_db()
    }
}

/// Bounds `call`. The callers above try a second time after a refused connection only: the manager answers with the outcome of
/// its last attempt to connect, which may be old, and nothing was sent.
async fn within<T>(limit: Duration, call: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    match tokio::time::timeout(limit, call).await {
        Ok(outcome) => outcome,
        Err(elapsed) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, elapsed).into()),
    }
}
