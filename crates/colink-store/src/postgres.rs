//! PostgreSQL: a pool that opens connections when they are needed.
//!
//! Contract: [`connect`] never waits for the server. A statement runs for at most `statement_timeout_ms` (set per
//! connection, so it also holds for `psql`-like one-off queries through the pool), a wait for a connection for at most
//! `acquire_timeout_ms`, a transaction left idle is ended after 30 s. A connection that was idle for more than 5 s is tested
//! before it is lent: after a restart of the server a busy pool sees at most one failure per connection, an idle one none.
//! A caller that gives a statement up leaves its connection to the pool, which waits for the answer for as long as the server may
//! take, and 3 s, before it closes the connection: a server that has gone silent does not keep the pool's places.

mod failure;
mod own;
mod schema;

use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::{StoreError, bounded};

pub use failure::{PgErrorExt, constraint, is_retryable, is_unavailable};
pub use own::OwnConnections;
pub use schema::{SchemaError, check_schema, migrate};

pub(crate) const STORE: &str = "postgres";
const TRUSTED_IDLE: Duration = Duration::from_secs(5);
const PING_LIMIT: Duration = Duration::from_secs(3);
/// How long a server that has ended a statement may take to say so.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// The `[postgres]` section.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresConfig {
    /// `postgres://user:password@host:port/database`; `?sslmode=verify-full` for TLS.
    pub url: SecretString,
    /// The most connections that the pool holds.
    #[serde(default = "PostgresConfig::default_max_connections")]
    pub max_connections: u32,
    /// The longest wait for a free or a new connection, in milliseconds.
    #[serde(default = "PostgresConfig::default_acquire_timeout_ms")]
    pub acquire_timeout_ms: u64,
    /// The longest run of one statement, lock waits included, in milliseconds. Migrations are exempt.
    #[serde(default = "PostgresConfig::default_statement_timeout_ms")]
    pub statement_timeout_ms: u64,
    /// Plan a statement once for a connection, whatever its values are. For a service whose statements all find their rows by
    /// key: the server would else plan many of them at each execution, which can cost more than what they do. Whole
    /// tables are then read only where there is no index at all.
    #[serde(default)]
    pub generic_plans: bool,
}

impl PostgresConfig {
    /// A configuration with the defaults: 10 connections, 2 s to get one, 5 s a statement.
    #[must_use]
    pub fn new(url: SecretString) -> Self {
        Self {
            url,
            max_connections: Self::default_max_connections(),
            acquire_timeout_ms: Self::default_acquire_timeout_ms(),
            statement_timeout_ms: Self::default_statement_timeout_ms(),
            generic_plans: false,
        }
    }

    fn default_max_connections() -> u32 {
        10
    }

    fn default_acquire_timeout_ms() -> u64 {
        2_000
    }

    fn default_statement_timeout_ms() -> u64 {
        5_000
    }
}

/// A pool whose connections carry `service` as their application name. Opens no connection yet.
///
/// # Errors
/// [`StoreError::Misconfigured`] when the URL cannot be read.
pub async fn connect(config: &PostgresConfig, service: &str) -> Result<PgPool, StoreError> {
    let options = options(config, service)?;
    if config.max_connections == 0 {
        return Err(StoreError::misconfigured(STORE, "postgres.max_connections must be at least 1"));
    }
    let answered = answer_limit(config);
    let pool = PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(Duration::from_millis(config.acquire_timeout_ms))
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        // The pool's own test of a connection that comes back has no bound. With nothing under way this sends nothing.
        .after_release(move |connection, _| {
            Box::pin(async move {
                match tokio::time::timeout(answered, connection.flush()).await {
                    Ok(flushed) => flushed.map(|()| true),
                    Err(elapsed) => Err(sqlx::Error::Io(elapsed.into())),
                }
            })
        })
        .connect_lazy_with(options);
    Ok(pool)
}

fn options(config: &PostgresConfig, service: &str) -> Result<PgConnectOptions, StoreError> {
    let (plans, scans) = if config.generic_plans { ("force_generic_plan", "off") } else { ("auto", "on") };
    let options = PgConnectOptions::from_str(config.url.expose_secret())
        .map_err(|error| StoreError::misconfigured(STORE, format!("postgres.url cannot be read: {error}")))?;
    Ok(options.application_name(service).options([
        ("statement_timeout", config.statement_timeout_ms.to_string()),
        ("idle_in_transaction_session_timeout", "30s".to_owned()),
        ("plan_cache_mode", plans.to_owned()),
        // A plan that was made while a table was small must not read all of it when it has grown.
        ("enable_seqscan", scans.to_owned()),
        // Compiling a statement takes a fifth of a second, and what looks dear to the planner is not long here.
        ("jit", "off".to_owned()),
    ]))
}

fn answer_limit(config: &PostgresConfig) -> Duration {
    Duration::from_millis(config.statement_timeout_ms) + ANSWER_LIMIT
}

/// One round trip, within 3 s.
///
/// # Errors
/// [`StoreError::Unavailable`] or [`StoreError::Timeout`] while the server is down.
pub async fn ping(pool: &PgPool) -> Result<(), StoreError> {
    bounded(STORE, PING_LIMIT, sqlx::query("SELECT 1").execute(pool)).await.map(|_| ())
}

/// How many connections the pool holds, and how many of them nobody uses: `(size, idle)`, for gauges.
#[must_use]
pub fn pool_state(pool: &PgPool) -> (u32, u32) {
    (pool.size(), u32::try_from(pool.num_idle()).unwrap_or(u32::MAX))
}
