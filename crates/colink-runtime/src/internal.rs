//! The `[internal]` section: how services reach and trust each other.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

/// `[internal]`: the secret of service tokens, and where the other services are. Set it fleet-wide:
/// `COLINK__INTERNAL__SECRET`, `COLINK__INTERNAL__CHANNELS_URL`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InternalConfig {
    /// Signs the tokens with which services call each other; the same for all, at least 32 bytes.
    pub secret: SecretString,
    /// How long a call may take, in milliseconds.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
    /// Base URL of auth, without a slash at the end.
    #[serde(default)]
    pub auth_url: Option<String>,
    /// Base URL of channels.
    #[serde(default)]
    pub channels_url: Option<String>,
    /// Base URL of messaging.
    #[serde(default)]
    pub messaging_url: Option<String>,
    /// Base URL of presence.
    #[serde(default)]
    pub presence_url: Option<String>,
    /// Base URL of files.
    #[serde(default)]
    pub files_url: Option<String>,
    /// Base URL of search.
    #[serde(default)]
    pub search_url: Option<String>,
    /// Base URL of admin.
    #[serde(default)]
    pub admin_url: Option<String>,
}

fn default_timeout_ms() -> u64 {
    2_000
}

impl InternalConfig {
    /// How long a call may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// The base URL of a service by its name; `None` when it is not set, or no such service is called.
    #[must_use]
    pub fn url_of(&self, service: &str) -> Option<&str> {
        let url = match service {
            "auth" => &self.auth_url,
            "channels" => &self.channels_url,
            "messaging" => &self.messaging_url,
            "presence" => &self.presence_url,
            "files" => &self.files_url,
            "search" => &self.search_url,
            "admin" => &self.admin_url,
            _ => &None,
        };
        url.as_deref().filter(|url| !url.is_empty())
    }
}
