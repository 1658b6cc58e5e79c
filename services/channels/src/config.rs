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
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it listens.
    pub server: HttpConfig,
    /// Logs and traces.
    pub telemetry: TelemetryConfig,
    /// Whose tokens count.
    pub auth: AuthConfig,
    /// The secret of service tokens, and where auth is.
    pub internal: InternalConfig,
    /// The service's own database.
    pub postgres: PostgresConfig,
    /// Revoked sessions.
    pub redis: RedisConfig,
    /// Where events go to and come from.
    pub kafka: KafkaConfig,
    /// New workspaces.
    pub workspaces: WorkspacesConfig,
    /// Invitations.
    pub invites: InvitesConfig,
}

/// `[workspaces]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkspacesConfig {
    /// The plan of a new workspace.
    pub plan: String,
    /// Most active members of a new workspace; 0 for no limit.
    pub member_limit: u32,
}

/// `[invites]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitesConfig {
    /// Begins the link of an invitation.
    pub public_url: String,
    /// How long an invitation holds when the inviter names no time, in hours.
    pub expires_in_hours: u32,
    /// The longest time an inviter may name, in hours.
    pub max_expires_in_hours: u32,
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
        if self.invites.expires_in_hours == 0 {
            problems.push(Problem::new("invites.expires_in_hours", "needs at least 1"));
        }
        if self.invites.max_expires_in_hours < self.invites.expires_in_hours {
            let problem = "needs at least as much as invites.expires_in_hours";
            problems.push(Problem::new("invites.max_expires_in_hours", problem));
        }
        problems
    }
}
