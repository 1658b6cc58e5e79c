//! The configuration: `config.toml` documents every key.

use colink_auth::AuthConfig;
use colink_http::HttpConfig;
use colink_runtime::config::words;
use colink_runtime::{InternalConfig, Problem, Sections};
use colink_store::redis::RedisConfig;
use colink_telemetry::TelemetryConfig;
use serde::Deserialize;

use crate::domain::table::{Class, Upstream};

/// Everything the gateway reads.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it listens.
    pub server: HttpConfig,
    /// Logs and traces.
    pub telemetry: TelemetryConfig,
    /// Whose tokens count.
    pub auth: AuthConfig,
    /// Whose access tokens are exchanged for ours.
    pub provider_tokens: ProviderTokensConfig,
    /// How auth is asked about API keys and tokens of providers; where it is stands in `[upstreams]`.
    pub internal: InternalConfig,
    /// Where calls are counted.
    pub redis: RedisConfig,
    /// The services.
    pub upstreams: UpstreamsConfig,
    /// How often anybody may call.
    pub limits: LimitsConfig,
    /// Pages of other origins.
    pub cors: CorsConfig,
}

impl Config {
    /// How auth is asked about API keys and tokens of providers.
    pub fn peers(&self) -> InternalConfig {
        let url = format!("http://{}", self.upstreams.auth);
        InternalConfig { auth_url: Some(url), ..self.internal.clone() }
    }
}

/// `[provider_tokens]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderTokensConfig {
    /// The issuers, as their tokens spell them. A variable of the environment is a text with spaces.
    #[serde(deserialize_with = "words")]
    pub issuers: Vec<String>,
}

/// `[upstreams]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamsConfig {
    auth: String,
    channels: String,
    messaging: String,
    presence: String,
    files: String,
    search: String,
    admin: String,
    /// The time to the first byte of an answer, in milliseconds.
    pub deadline_ms: u64,
    /// Failures in a row that open a circuit.
    pub breaker_failures: u32,
    /// How long it stays open, in milliseconds.
    pub breaker_open_ms: u64,
}

impl UpstreamsConfig {
    /// `host:port` of a service.
    pub fn authority(&self, upstream: Upstream) -> &str {
        match upstream {
            Upstream::Auth => &self.auth,
            Upstream::Channels => &self.channels,
            Upstream::Messaging => &self.messaging,
            Upstream::Presence => &self.presence,
            Upstream::Files => &self.files,
            Upstream::Search => &self.search,
            Upstream::Admin => &self.admin,
        }
    }
}

/// `[limits]`: calls a minute and at once.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "config.toml describes them together")]
pub struct LimitsConfig {
    pub anonymous_per_minute: u32,
    pub anonymous_burst: u32,
    pub credentials_per_minute: u32,
    pub credentials_burst: u32,
    pub refresh_per_minute: u32,
    pub refresh_burst: u32,
    pub read_per_minute: u32,
    pub read_burst: u32,
    pub send_per_minute: u32,
    pub send_burst: u32,
    pub write_per_minute: u32,
    pub write_burst: u32,
    pub socket_per_minute: u32,
    pub socket_burst: u32,
    pub unproven_per_minute: u32,
    pub unproven_burst: u32,
}

/// A budget: so many calls a minute, so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Calls a minute.
    pub per_minute: u32,
    /// Calls at once.
    pub burst: u32,
}

impl LimitsConfig {
    /// The budget of a user for a class, or of an address for credentials, refreshes, sockets and calls without a valid token.
    pub fn of(&self, class: Class) -> Budget {
        let (per_minute, burst) = match class {
            Class::Credentials => (self.credentials_per_minute, self.credentials_burst),
            Class::Refresh => (self.refresh_per_minute, self.refresh_burst),
            Class::Read => (self.read_per_minute, self.read_burst),
            Class::Send => (self.send_per_minute, self.send_burst),
            Class::Write => (self.write_per_minute, self.write_burst),
            Class::Socket => (self.socket_per_minute, self.socket_burst),
            Class::Unproven => (self.unproven_per_minute, self.unproven_burst),
        };
        Budget { per_minute, burst }
    }

    /// The budget of an address without a token for every other class.
    pub fn anonymous(&self) -> Budget {
        Budget { per_minute: self.anonymous_per_minute, burst: self.anonymous_burst }
    }
}

/// `[cors]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorsConfig {
    /// Origins, scheme and port included.
    pub allowed_origins: Vec<String>,
}

impl Sections for Config {
    fn server(&self) -> &HttpConfig {
        &self.server
    }

    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }

    fn problems(&self) -> Vec<Problem> {
        let limits = &self.limits;
        let ours = self.provider_tokens.issuers.contains(&self.auth.issuer);
        let issuers =
            ours.then(|| Problem::new("provider_tokens.issuers", "names `auth.issuer`, which is ours"));
        let zero = |key, value: u32| (value == 0).then(|| Problem::new(key, "needs at least 1"));
        [
            zero("limits.anonymous_per_minute", limits.anonymous_per_minute),
            zero("limits.anonymous_burst", limits.anonymous_burst),
            zero("limits.credentials_per_minute", limits.credentials_per_minute),
            zero("limits.credentials_burst", limits.credentials_burst),
            zero("limits.refresh_per_minute", limits.refresh_per_minute),
            zero("limits.refresh_burst", limits.refresh_burst),
            zero("limits.read_per_minute", limits.read_per_minute),
            zero("limits.read_burst", limits.read_burst),
            zero("limits.send_per_minute", limits.send_per_minute),
            zero("limits.send_burst", limits.send_burst),
            zero("limits.write_per_minute", limits.write_per_minute),
            zero("limits.write_burst", limits.write_burst),
            zero("limits.socket_per_minute", limits.socket_per_minute),
            zero("limits.socket_burst", limits.socket_burst),
            zero("limits.unproven_per_minute", limits.unproven_per_minute),
            zero("limits.unproven_burst", limits.unproven_burst),
            zero("upstreams.breaker_failures", self.upstreams.breaker_failures),
        ]
        .into_iter()
        .flatten()
        .chain(issuers)
        .collect()
    }
}
