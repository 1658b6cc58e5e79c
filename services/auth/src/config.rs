//! The configuration: one struct a section. Every key is documented in `config.toml`.

pub(crate) mod api_keys;
mod browser;
mod exports;
mod mail;
mod mfa;
mod oidc;
mod passkeys;
mod registration;

use std::time::Duration;

use colink_auth::AuthConfig;
use colink_bus::KafkaConfig;
use colink_core::text::Email;
use colink_http::HttpConfig;
use colink_runtime::{InternalConfig, Problem, Sections};
use colink_secrets::SecretsConfig;
use colink_store::postgres::PostgresConfig;
use colink_store::redis::RedisConfig;
use colink_store::s3::S3Config;
use colink_telemetry::TelemetryConfig;
use serde::Deserialize;

use self::api_keys::{ApiKeysConfig, BotsConfig};
pub use self::browser::BrowserConfig;
pub use self::exports::ExportsConfig;
pub use self::mail::MailConfig;
pub use self::mfa::MfaConfig;
pub use self::oidc::{Kind, OidcConfig, ProviderConfig};
pub use self::passkeys::PasskeysConfig;
pub use self::registration::RegistrationConfig;
use crate::domain::password::PasswordPolicy;

/// The configuration of the auth service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `[server]`.
    pub server: HttpConfig,
    /// `[telemetry]`.
    pub telemetry: TelemetryConfig,
    /// `[auth]`: issuer and audience of the tokens made here.
    pub auth: AuthConfig,
    /// `[internal]`.
    pub internal: InternalConfig,
    /// `[postgres]`.
    pub postgres: PostgresConfig,
    /// `[redis]`.
    pub redis: RedisConfig,
    /// `[kafka]`.
    pub kafka: KafkaConfig,
    /// `[secrets]`.
    pub secrets: SecretsConfig,
    /// `[bootstrap]`.
    pub bootstrap: BootstrapConfig,
    /// `[passwords]`.
    pub passwords: PasswordPolicy,
    /// `[registration]`.
    pub registration: RegistrationConfig,
    /// `[argon2]`.
    pub argon2: Argon2Config,
    /// `[tokens]`.
    pub tokens: TokensConfig,
    /// `[api_keys]`.
    pub api_keys: ApiKeysConfig,
    /// `[bots]`.
    pub bots: BotsConfig,
    /// `[browser]`.
    pub browser: BrowserConfig,
    /// `[mfa]`.
    pub mfa: MfaConfig,
    /// `[keys]`.
    pub keys: KeysConfig,
    /// `[mail]`.
    pub mail: MailConfig,
    /// `[oidc]`.
    pub oidc: OidcConfig,
    /// `[passkeys]`.
    pub passkeys: PasskeysConfig,
    /// `[limits]`.
    pub limits: LimitsConfig,
    /// `[s3]`.
    pub s3: S3Config,
    /// `[exports]`.
    pub exports: ExportsConfig,
}

/// `[bootstrap]`: the first realm admin.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootstrapConfig {
    /// The address whose owner becomes realm admin; empty for none.
    pub admin_email: String,
}

/// `[argon2]`: the cost of a password hash.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Argon2Config {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Hashes computed at a time.
    pub concurrency: usize,
    /// Longest wait for a turn, in milliseconds.
    pub wait_ms: u64,
}

/// `[tokens]`: lifetimes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokensConfig {
    /// Of an access token, in seconds.
    pub access_s: u32,
    /// Of a refresh token, in days.
    pub refresh_days: u32,
    /// In which a second use of a refresh token is no theft, in seconds.
    pub refresh_grace_s: u32,
    /// Of a verification link, in hours.
    pub verification_hours: u32,
    /// Of a link that sets a new password, in hours.
    pub reset_hours: u32,
    /// Most sessions of one user.
    pub max_sessions: u16,
    /// In which a proof of identity is good for sensitive changes, in minutes.
    pub reauthentication_minutes: u32,
}

impl TokensConfig {
    /// Of an access token.
    pub(crate) fn access(self) -> Duration {
        Duration::from_secs(self.access_s.into())
    }

    /// Of a refresh token.
    pub(crate) fn refresh(self) -> Duration {
        Duration::from_secs(u64::from(self.refresh_days) * 86_400)
    }

    /// In which a second use of a refresh token is no theft.
    pub(crate) fn refresh_grace(self) -> Duration {
        Duration::from_secs(self.refresh_grace_s.into())
    }

    /// In which a proof of identity is good for sensitive changes.
    pub(crate) fn reauthentication(self) -> Duration {
        Duration::from_secs(u64::from(self.reauthentication_minutes) * 60)
    }

    /// Of a link that sets a new password.
    pub(crate) fn reset(self) -> Duration {
        Duration::from_secs(u64::from(self.reset_hours) * 3600)
    }

    /// Of a verification link.
    pub(crate) fn verification(self) -> Duration {
        Duration::from_secs(u64::from(self.verification_hours) * 3600)
    }
}

/// `[keys]`: rotation of the signing keys.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// Age at which the key is replaced, in days.
    pub rotate_after_days: u32,
    /// How long the old key stays published, in hours.
    pub overlap_hours: u32,
    /// How long a new key is published before it signs, in seconds.
    pub activation_delay_s: u32,
    /// How often the keys are read anew, in seconds.
    pub reload_s: u32,
}

impl KeysConfig {
    pub(crate) fn rotate_after(self) -> Duration {
        Duration::from_secs(u64::from(self.rotate_after_days) * 86_400)
    }

    pub(crate) fn overlap(self) -> Duration {
        Duration::from_secs(u64::from(self.overlap_hours) * 3600)
    }

    pub(crate) fn activation_delay(self) -> Duration {
        Duration::from_secs(self.activation_delay_s.into())
    }

    pub(crate) fn reload(self) -> Duration {
        Duration::from_secs(self.reload_s.into())
    }
}

/// `[limits]`: how often anonymous calls are answered; 0 is no limit.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Registrations by one client address.
    pub register_per_ip_per_minute: u32,
    /// Logins by one client address.
    pub login_per_ip_per_minute: u32,
    /// Logins with one mail address.
    pub login_per_address_per_hour: u32,
    /// Uses of mailed links by one client address.
    pub verify_per_ip_per_minute: u32,
    /// Uses of mailed links of one account.
    pub verify_per_account_per_hour: u32,
    /// Mails caused by one client address.
    pub mail_per_ip_per_minute: u32,
    /// Mails caused to one mail address.
    pub mail_per_address_per_hour: u32,
    /// Steps of sign-ins through providers by one client address.
    pub oidc_per_ip_per_minute: u32,
    /// Links for a new password asked for with one mail address.
    pub reset_per_address_per_hour: u32,
    /// Failures that lock.
    pub lockout_failures: u32,
    /// How long a lock lasts, in minutes.
    pub lockout_minutes: u32,
}

impl Config {
    /// The normalised address of `[bootstrap]`, if one is set.
    pub(crate) fn admin_email(&self) -> Option<Email> {
        Email::parse(&self.bootstrap.admin_email).ok()
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
        let mut problems = self.oidc.problems();
        let mut ask = |holds: bool, key: &'static str, problem: &str| {
            if !holds {
                problems.push(Problem::new(key, problem));
            }
        };
        let admin = &self.bootstrap.admin_email;
        ask(admin.is_empty() || self.admin_email().is_some(), "bootstrap.admin_email", "is no mail address");
        let rules = "wants 64 to 128, and not less than `min_length`";
        ask(self.passwords.is_sound(), "passwords.max_length", rules);
        let tells_apart = !self.registration.trust_same_network || self.server.trust_forwarded;
        let rule = "wants `server.trust_forwarded = true` and the gateway in front: without it all clients have one address. \
                    Set it to false where there is none";
        ask(tells_apart, "registration.trust_same_network", rule);
        ask(self.registration.expire_after_days > 0, "registration.expire_after_days", "needs at least 1");
        ask(self.argon2.concurrency > 0, "argon2.concurrency", "needs at least 1");
        ask(self.tokens.access_s > 0, "tokens.access_s", "needs at least 1");
        ask(
            self.browser.is_sound(),
            "browser.allowed_origins",
            "are not all `https://host[:port]`, small letters",
        );
        ask(self.tokens.max_sessions > 0, "tokens.max_sessions", "needs at least 1");
        ask(self.keys.reload_s > 0, "keys.reload_s", "needs at least 1");
        ask(self.keys.rotate_after_days > 0, "keys.rotate_after_days", "needs at least 1");
        ask(self.api_keys.access_s > 0, "api_keys.access_s", "needs at least 1");
        let least = self.api_keys.default_days.min(self.api_keys.max_days);
        ask(least > 0, "api_keys.default_days", "and max_days need at least 1");
        let within = self.api_keys.default_days <= self.api_keys.max_days;
        ask(within, "api_keys.default_days", "exceeds max_days");
        let outlives = self.keys.overlap() >= self.tokens.access();
        ask(outlives, "keys.overlap_hours", "is shorter than an access token lives");
        problems.extend(self.mail.problems());
        problems.extend(self.mfa.problems());
        problems.extend(self.passkeys.problems());
        problems
    }
}
