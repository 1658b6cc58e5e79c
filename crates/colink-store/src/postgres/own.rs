//! Connections that stay with one runtime, for a statement that everything waits for.
//!
//! A pool's connection may have been opened on another thread, whose reactor then hears of the answer first and has to wake the
//! one that waits; and the pool makes one more round trip with each connection that comes back. On a busy machine each
//! is one more wait for a core.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Error};
use tokio::time::timeout;

use super::{PING_LIMIT, PostgresConfig, TRUSTED_IDLE, answer_limit, options};
use crate::StoreError;

/// Connections of one runtime: a worker's, which is one thread, or the process's own. They are opened when they are needed and
/// kept from then on: as many as were lent at once. No pool counts them.
pub struct OwnConnections {
    options: PgConnectOptions,
    /// The longest wait for a new one.
    patience: Duration,
    answer_limit: Duration,
    kept: Mutex<Vec<Kept>>,
}

struct Kept {
    connection: PgConnection,
    since: Instant,
}

impl OwnConnections {
    /// No connection yet; those to come are as those of a pool of this configuration.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] when the URL cannot be read.
    pub fn new(config: &PostgresConfig, service: &str) -> Result<Self, StoreError> {
        Ok(Self {
            options: options(config, service)?,
            patience: Duration::from_millis(config.acquire_timeout_ms),
            answer_limit: answer_limit(config),
            kept: Mutex::default(),
        })
    }

    /// The same for another runtime.
    #[must_use]
    pub fn sibling(&self) -> Self {
        let (patience, answer_limit) = (self.patience, self.answer_limit);
        Self { options: self.options.clone(), patience, answer_limit, kept: Mutex::default() }
    }

    /// When a statement has no answer by then, the server has gone silent: it ends every one before that.
    #[must_use]
    pub fn answer_limit(&self) -> Duration {
        self.answer_limit
    }

    /// A connection. Whoever drops it instead of [giving it back](Self::give_back) closes it: the end of a statement that was
    /// given up, or that failed in a way that says nothing good of the connection.
    ///
    /// # Errors
    /// As for a pool's; [`Error::PoolTimedOut`] when the server is silent.
    pub async fn lend(&self) -> Result<PgConnection, Error> {
        while let Some(Kept { mut connection, since }) = self.newest() {
            let is_alive = since.elapsed() <= TRUSTED_IDLE
                || matches!(timeout(PING_LIMIT, connection.ping()).await, Ok(Ok(())));
            if is_alive {
                return Ok(connection);
            }
        }
        timeout(self.patience, PgConnection::connect_with(&self.options))
            .await
            .map_err(|_elapsed| Error::PoolTimedOut)?
    }

    /// Keeps a connection whose statement has ended.
    pub fn give_back(&self, connection: PgConnection) {
        let kept = Kept { connection, since: Instant::now() };
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
    }

    /// The one that was used last: what lies below it was not needed lately.
    fn newest(&self) -> Option<Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

impl std::fmt::Debug for OwnConnections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnConnections").finish_non_exhaustive()
    }
}
