//! `[registration]`: what a registration is believed.

use std::time::Duration;

use serde::Deserialize;

/// `[registration]`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationConfig {
    /// Whether the only registration of an address is believed without its password or secret, when its link is used
    /// from where it was made.
    pub trust_same_network: bool,
    /// After how many days a registration that nobody proved is forgotten.
    pub expire_after_days: u32,
}

impl RegistrationConfig {
    /// How long a registration waits to be proven.
    pub(crate) fn lifetime(self) -> Duration {
        Duration::from_secs(u64::from(self.expire_after_days) * 86_400)
    }
}
