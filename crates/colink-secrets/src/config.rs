//! The `[secrets]` section.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// `[secrets]`: the keys that seal what is stored. Set it as `COLINK__SECRETS__KEYS`, or for one service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretsConfig {
    /// `id:64 hex digits`, separated by commas. The first seals, all open.
    pub keys: SecretString,
}

impl SecretsConfig {
    /// These keys.
    #[must_use]
    pub fn new(keys: impl Into<String>) -> Self {
        Self { keys: SecretString::from(keys.into()) }
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &str> {
        self.keys.expose_secret().split(',').map(str::trim).filter(|entry| !entry.is_empty())
    }
}
