//! `[exports]`: archives of users' data.

use std::time::Duration;

use serde::Deserialize;

/// How long they last.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportsConfig {
    /// Of an archive, in days.
    pub keep_days: u32,
    /// Of a link to it, in seconds.
    pub link_s: u64,
}

impl ExportsConfig {
    /// Of an archive.
    pub(crate) fn keep(self) -> Duration {
        Duration::from_secs(u64::from(self.keep_days) * 86_400)
    }

    /// Of a link to it.
    pub(crate) fn link(self) -> Duration {
        Duration::from_secs(self.link_s)
    }
}
