//! The configuration; `config.toml` documents every key.

use chrono::Duration;
use colink_auth::AuthConfig;
use colink_bus::KafkaConfig;
use colink_core::text::MessageContent;
use colink_http::HttpConfig;
use colink_runtime::{InternalConfig, Problem, Sections};
use colink_store::postgres::PostgresConfig;
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
    /// `[postgres]`.
    pub postgres: PostgresConfig,
    /// `[redis]`.
    pub redis: RedisConfig,
    /// `[kafka]`.
    pub kafka: KafkaConfig,
    /// `[messaging]`.
    pub messaging: MessagingConfig,
}

/// The rules of messages.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessagingConfig {
    /// Longest message, in characters.
    pub max_content_chars: usize,
    /// Files a message may show.
    pub max_files: usize,
    /// How long a message may be edited, in seconds; 0 for ever.
    pub edit_window_s: u32,
    /// Different emoji a message may have.
    pub max_reactions: u16,
    /// How long published events stay in the log, in days.
    pub log_retention_days: u16,
    /// How often the log is trimmed and expired keys are deleted, in seconds.
    pub housekeeping_interval_s: u64,
}

impl MessagingConfig {
    /// How long a message may be edited; none for ever.
    pub(crate) fn edit_window(&self) -> Option<Duration> {
        (self.edit_window_s > 0).then(|| Duration::seconds(i64::from(self.edit_window_s)))
    }

    /// How long published events stay in the log.
    pub(crate) fn log_retention(&self) -> Duration {
        Duration::days(i64::from(self.log_retention_days))
    }
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
        let rules = &self.messaging;
        let mut problems = Vec::new();
        if !(1..=MessageContent::MAX).contains(&rules.max_content_chars) {
            let limit = format!("needs 1 to {}", MessageContent::MAX);
            problems.push(Problem::new("messaging.max_content_chars", limit));
        }
        if rules.log_retention_days == 0 {
            problems.push(Problem::new("messaging.log_retention_days", "needs at least 1"));
        }
        if rules.housekeeping_interval_s == 0 {
            problems.push(Problem::new("messaging.housekeeping_interval_s", "needs at least 1"));
        }
        if self.internal.url_of("channels").is_none() {
            problems.push(Problem::new("internal.channels_url", "is needed: memberships are asked there"));
        }
        problems
    }
}
