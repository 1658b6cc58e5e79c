//! `[api_keys]` and `[bots]`.

use serde::Deserialize;

/// `[api_keys]`: how long keys live, and how many there may be.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeysConfig {
    /// Life of a key whose maker says nothing, in days.
    pub default_days: u32,
    /// Longest life of a key, in days.
    pub max_days: u32,
    /// Whether a key may live without an end.
    pub allow_endless: bool,
    /// Most keys of one user or bot.
    pub max_per_user: u16,
    /// Longest time for which a replaced secret goes on, in seconds.
    pub overlap_max_s: u32,
    /// Life of an access token that a key is exchanged for, in seconds.
    pub access_s: u32,
    /// Wrong keys from one client address; 0 is no limit.
    pub failures_per_ip_per_minute: u32,
}

/// `[bots]`: who may make bots.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BotsConfig {
    /// Who.
    pub creators: Creators,
    /// Most bots of one owner.
    pub max_per_owner: u16,
}

/// Who may make bots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Creators {
    /// Everybody who is signed in.
    Members,
    /// Realm admins.
    Admins,
}
