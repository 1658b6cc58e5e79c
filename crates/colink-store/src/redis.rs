//! Redis: a multiplexed connection for each thread, which comes back by itself.
//!
//! The driver answers from a task of the runtime that opened the connection. A command from another thread would have to wake
//! that one and be woken by it: on a busy machine two more waits for a core.
//!
//! Contract: [`connect`] never waits for the server. Every command, the wait for a reconnection included, takes at most
//! `timeout_ms`. While Redis is down a command fails at once when the port is closed, else after `timeout_ms`; the first
//! command after its return works. A command that may have been applied is never sent twice.

mod connection;

use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionManagerConfig, PubSub};
use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionInfo, ErrorKind, ProtocolVersion, RedisError, ServerErrorKind};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use thread_local::ThreadLocal;

use crate::{StoreError, bounded};

pub use connection::RedisConnection;

pub(crate) const STORE: &str = "redis";

/// After this long without an acknowledgement the kernel gives the connection up, so that a peer that has gone silent is
/// replaced; the default is a quarter of an hour.
const SILENT_PEER: Duration = Duration::from_secs(5);

/// The `[redis]` section.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisConfig {
    /// `redis://[user:password@]host:port[/db]`.
    pub url: SecretString,
    /// Stands before every key, so that several installations can share a server. May be empty.
    #[serde(default)]
    pub prefix: String,
    /// The longest time for one command, in milliseconds.
    #[serde(default = "RedisConfig::default_timeout_ms")]
    pub timeout_ms: u64,
}

impl RedisConfig {
    /// A configuration with the defaults: no prefix, 250 ms a command.
    #[must_use]
    pub fn new(url: SecretString) -> Self {
        Self { url, prefix: String::new(), timeout_ms: Self::default_timeout_ms() }
    }

    fn default_timeout_ms() -> u64 {
        250
    }
}

/// A handle on Redis. Cheap to clone; all clones share the connections, of which each thread that asks has one.
#[derive(Clone)]
pub struct RedisClient {
    client: Client,
    settings: ConnectionManagerConfig,
    connections: Arc<ThreadLocal<RedisConnection>>,
    /// For a thread that cannot have its own; it connects like the others, when it is used.
    common: RedisConnection,
    prefix: Arc<str>,
    limit: Duration,
}

/// A client that connects with the first command. Must be called within a tokio runtime.
///
/// # Errors
/// [`StoreError::Misconfigured`] when the URL cannot be read.
pub async fn connect(config: &RedisConfig) -> Result<RedisClient, StoreError> {
    let unusable =
        |error: RedisError| StoreError::misconfigured(STORE, format!("redis.url cannot be read: {error}"));
    let limit = Duration::from_millis(config.timeout_ms);
    let info: ConnectionInfo = config.url.expose_secret().parse().map_err(unusable)?;
    // RESP3 reports a closed connection at once, also while nobody sends anything.
    let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let tcp = TcpSettings::default().set_nodelay(true).set_user_timeout(SILENT_PEER);
    let client = Client::open(info.set_redis_settings(redis).set_tcp_settings(tcp)).map_err(unusable)?;
    // No retries inside the manager: a command has no time to wait for them, and the next one tries again.
    let settings = ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(limit))
        .set_response_timeout(Some(limit))
        .set_pipeline_buffer_size(1024);
    let common = RedisConnection::lazy(&client, &settings, limit).map_err(unusable)?;
    let prefix = config.prefix.as_str().into();
    Ok(RedisClient { client, settings, connections: Arc::default(), common, prefix, limit })
}

impl RedisClient {
    /// The key of `parts`, joined with `:` behind the configured prefix.
    ///
    /// Keys that one command or script uses together must share a hash tag, e.g. `{user-id}`, so that a cluster keeps them on
    /// one node.
    #[must_use]
    pub fn key(&self, parts: &[&str]) -> String {
        let mut key = self.prefix.to_string();
        for part in parts {
            if !key.is_empty() {
                key.push(':');
            }
            key.push_str(part);
        }
        key
    }

    /// This thread's connection, for `cmd`, `pipe`, scripts and the `AsyncCommands` traits. Commands that block on the server
    /// (`BLPOP`, `XREAD BLOCK`) must not be sent over it: they would hold up everybody else. Must be called within a tokio
    /// runtime.
    #[must_use]
    pub fn connection(&self) -> RedisConnection {
        let own = || RedisConnection::lazy(&self.client, &self.settings, self.limit);
        self.connections.get_or_try(own).unwrap_or(&self.common).clone()
    }

    /// A connection of its own for subscriptions. It does not come back by itself: when its stream ends, ask for another and
    /// subscribe again, knowing that messages were missed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Timeout`] while the server is down.
    pub async fn subscriber(&self) -> Result<PubSub, StoreError> {
        bounded(STORE, self.limit, self.client.get_async_pubsub()).await
    }
}

impl std::fmt::Debug for RedisClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RedisClient").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// One round trip, within the configured timeout.
///
/// # Errors
/// [`StoreError::Unavailable`] or [`StoreError::Timeout`] while the server is down.
pub async fn ping(redis: &RedisClient) -> Result<(), StoreError> {
    redis::cmd("PING").exec_async(&mut redis.connection()).await.map_err(StoreError::from)
}

impl From<RedisError> for StoreError {
    fn from(error: RedisError) -> Self {
        let busy = matches!(
            error.kind(),
            ErrorKind::Server(
                ServerErrorKind::BusyLoading
                    | ServerErrorKind::ClusterDown
                    | ServerErrorKind::MasterDown
                    | ServerErrorKind::ReadOnly
                    | ServerErrorKind::TryAgain
            )
        );
        if error.is_timeout() {
            Self::timeout(STORE, error)
        } else if busy || error.is_io_error() {
            Self::unavailable(STORE, error)
        } else {
            Self::rejected(STORE, error)
        }
    }
}
