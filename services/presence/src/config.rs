//! The configuration: `config.toml` documents every key.

use std::time::Duration;

use colink_auth::AuthConfig;
use colink_bus::KafkaConfig;
use colink_http::HttpConfig;
use colink_runtime::{InternalConfig, Problem, Sections};
use colink_store::redis::RedisConfig;
use colink_telemetry::TelemetryConfig;
use serde::Deserialize;

/// Everything the service reads.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it listens.
    pub server: HttpConfig,
    /// Logs and traces.
    pub telemetry: TelemetryConfig,
    /// Whose tokens count.
    pub auth: AuthConfig,
    /// The other services.
    pub internal: InternalConfig,
    /// Presence and passing notices.
    pub redis: RedisConfig,
    /// Where events come from.
    pub kafka: KafkaConfig,
    /// The sockets.
    pub sockets: SocketConfig,
}

/// `[sockets]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SocketConfig {
    /// Sockets that this node takes.
    pub max_sockets: usize,
    /// Sockets that it takes of one user.
    pub max_sockets_per_user: usize,
    /// Posts over sockets that a user may make at once.
    pub send_burst: u32,
    /// And in a minute.
    pub sends_per_minute: u32,
    /// Pages that may open a socket.
    pub allowed_origins: Vec<String>,
    /// The server's ping, in milliseconds.
    pub heartbeat_ms: u64,
    /// How far back a client may resume, in seconds.
    pub resume_window_s: u64,
    /// From a user's last socket to `offline`, in milliseconds.
    pub offline_grace_ms: u64,
    /// The time between two checks for a lost tail, in milliseconds.
    pub check_heads_ms: u64,
}

impl SocketConfig {
    /// A device that gave no sign of life for this long is gone: two heartbeats and a little.
    pub fn device_lifetime(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms * 2 + 5_000)
    }
}

impl Sections for Config {
    fn server(&self) -> &HttpConfig {
        &self.server
    }

    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }

    fn kafka(&self) -> Option<&KafkaConfig> {
        Some(&self.kafka)
    }

    fn problems(&self) -> Vec<Problem> {
        let zero = |key, value: u64| (value == 0).then(|| Problem::new(key, "needs at least 1"));
        [
            zero("sockets.heartbeat_ms", self.sockets.heartbeat_ms),
            zero("sockets.check_heads_ms", self.sockets.check_heads_ms),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
