//! The configured limits in the types that handlers use.

use std::time::Duration;

use colink_core::error::Invalid;

use crate::config::FilesConfig;
use crate::domain::allowed::AllowedTypes;

/// `[files]`, checked.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) max_size_bytes: u64,
    pub(crate) allowed: AllowedTypes,
    pub(crate) upload_url: Duration,
    pub(crate) download_url: Duration,
    pub(crate) orphan_after: Duration,
}

impl Rules {
    /// # Errors
    /// [`Invalid`] for a list of types that cannot be read.
    pub(crate) fn of(config: &FilesConfig) -> Result<Self, Invalid> {
        Ok(Self {
            max_size_bytes: config.max_size_bytes,
            allowed: AllowedTypes::parse(&config.allowed_types)?,
            upload_url: Duration::from_secs(config.upload_url_s),
            download_url: Duration::from_secs(config.download_url_s),
            orphan_after: Duration::from_secs(config.orphan_after_s),
        })
    }
}
