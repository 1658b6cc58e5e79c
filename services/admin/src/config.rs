//! The configuration; `config.toml` documents every key.

use colink_auth::AuthConfig;
use colink_bus::KafkaConfig;
use colink_core::page::TableQuery;
use colink_http::HttpConfig;
use colink_runtime::{InternalConfig, Problem, Sections};
use colink_store::mongo::MongoConfig;
use colink_store::redis::RedisConfig;
use colink_telemetry::TelemetryConfig;
use serde::Deserialize;

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `[server]`.
    pub server: HttpConfig,
    /// `[telemetry]`.
    pub telemetry: TelemetryConfig,
    /// `[auth]`.
    pub auth: AuthConfig,
    /// `[internal]`.
    pub internal: InternalConfig,
    /// `[mongo]`.
    pub mongo: MongoConfig,
    /// `[redis]`.
    pub redis: RedisConfig,
    /// `[kafka]`.
    pub kafka: KafkaConfig,
    /// `[audit]`.
    pub audit: AuditConfig,
}

/// The audit log.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// Partitions of the streams that are written to the log at the same time.
    pub partitions_at_once: usize,
    /// Handle parked events again at the start.
    pub redrive: bool,
    /// Entries of one search that can be counted and paged through.
    pub window: u32,
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
        let mut problems = Vec::new();
        if self.audit.partitions_at_once == 0 {
            problems.push(Problem::new("audit.partitions_at_once", "needs at least 1"));
        }
        if self.audit.window < TableQuery::MAX_SIZE {
            let least = format!("needs at least {}, the largest page", TableQuery::MAX_SIZE);
            problems.push(Problem::new("audit.window", least));
        }
        problems
    }
}
