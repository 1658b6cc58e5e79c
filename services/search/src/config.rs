//! The configuration: `config.toml` documents every key.

use colink_auth::AuthConfig;
use colink_bus::KafkaConfig;
use colink_http::HttpConfig;
use colink_runtime::{InternalConfig, Problem, Sections};
use colink_store::postgres::PostgresConfig;
use colink_store::redis::RedisConfig;
use colink_telemetry::TelemetryConfig;
use serde::Deserialize;

/// Everything the service reads.
#[derive(Debug, Clone, Deserialize)]
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
    /// The index.
    pub postgres: PostgresConfig,
    /// Revoked sessions.
    pub redis: RedisConfig,
    /// Where events come from.
    pub kafka: KafkaConfig,
    /// Indexing.
    pub search: SearchConfig,
}

/// `[search]`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchConfig {
    /// Partitions that are indexed at the same time.
    pub index_concurrency: usize,
}

impl Sections for Config {
    fn server(&self) -> &HttpConfig {
        &self.server
    }

    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }

    fn postgres(&self) -> Option<&PostgresConfig> {
        Some(&self.postgres)
    }

    fn kafka(&self) -> Option<&KafkaConfig> {
        Some(&self.kafka)
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.search.index_concurrency == 0 {
            problems.push(Problem::new("search.index_concurrency", "needs at least 1"));
        }
        if self.internal.url_of("channels").is_none() {
            problems.push(Problem::new("internal.channels_url", "is needed: it says what a caller may read"));
        }
        problems
    }
}
