//! The section `[auth]`.

use std::time::Duration;

use colink_telemetry::MetricsError;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Shortest shared secret, in bytes: as long as the hash it keys.
const SECRET_MIN: usize = 32;

/// Whose access tokens are believed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// The `iss` that a token must have.
    pub issuer: String,
    /// The `aud` that a token must have.
    pub audience: String,
    /// Where the issuer publishes its keys.
    pub jwks_url: String,
    /// How far the clocks may be apart, in seconds.
    #[serde(default = "AuthConfig::default_leeway_s")]
    pub leeway_s: u64,
    /// Whether revoked sessions are looked up in Redis.
    #[serde(default = "AuthConfig::default_revocation")]
    pub revocation: bool,
    /// How old the keys may get before they are fetched again, in seconds.
    #[serde(default = "AuthConfig::default_jwks_refresh_s")]
    pub jwks_refresh_s: u64,
    /// The shortest time between two fetches, in milliseconds: a storm of unknown key ids makes one.
    #[serde(default = "AuthConfig::default_jwks_retry_ms")]
    pub jwks_retry_ms: u64,
    /// How long one fetch may take, in milliseconds.
    #[serde(default = "AuthConfig::default_jwks_timeout_ms")]
    pub jwks_timeout_ms: u64,
}

impl AuthConfig {
    /// A configuration with the defaults.
    #[must_use]
    pub fn new(issuer: &str, audience: &str, jwks_url: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            jwks_url: jwks_url.to_owned(),
            leeway_s: Self::default_leeway_s(),
            revocation: Self::default_revocation(),
            jwks_refresh_s: Self::default_jwks_refresh_s(),
            jwks_retry_ms: Self::default_jwks_retry_ms(),
            jwks_timeout_ms: Self::default_jwks_timeout_ms(),
        }
    }

    pub(crate) fn jwks_refresh(&self) -> Duration {
        Duration::from_secs(self.jwks_refresh_s)
    }

    pub(crate) fn jwks_retry(&self) -> Duration {
        Duration::from_millis(self.jwks_retry_ms)
    }

    pub(crate) fn jwks_timeout(&self) -> Duration {
        Duration::from_millis(self.jwks_timeout_ms)
    }

    const fn default_leeway_s() -> u64 {
        30
    }

    const fn default_revocation() -> bool {
        true
    }

    const fn default_jwks_refresh_s() -> u64 {
        600
    }

    const fn default_jwks_retry_ms() -> u64 {
        5_000
    }

    const fn default_jwks_timeout_ms() -> u64 {
        2_000
    }
}

/// The bytes of a shared secret that is long enough.
pub(crate) fn secret_bytes(secret: &SecretString) -> Result<&[u8], AuthError> {
    let bytes = secret.expose_secret().as_bytes();
    if bytes.len() < SECRET_MIN { Err(AuthError::WeakSecret) } else { Ok(bytes) }
}

/// Why something of this crate could not be set up. Seen at start.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The shared secret is too short.
    #[error("internal.secret needs at least 32 bytes: make one with `openssl rand -base64 48`")]
    WeakSecret,
    /// A key cannot be used.
    #[error("a signing key cannot be used")]
    Key(#[from] jsonwebtoken::errors::Error),
    /// A metric clashes with another.
    #[error("the metrics of the revocation list cannot be made")]
    Metrics(#[from] MetricsError),
}
