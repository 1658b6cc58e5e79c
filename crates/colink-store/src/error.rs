//! What a failed store call means to the one who made it. The cause is for the log; it never reaches a client.

use colink_core::error::ErrorKind;

/// The driver's error behind a [`StoreError`].
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a store call failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store cannot be reached, or says that it cannot serve now. Trying again later may help.
    #[error("{store} is not available")]
    Unavailable {
        /// `postgres`, `redis`, `mongo` or `s3`.
        store: &'static str,
        /// The driver's error.
        source: BoxError,
    },
    /// No answer in the time that the call had; a write may have been applied.
    #[error("{store} did not answer in time")]
    Timeout {
        /// `postgres`, `redis`, `mongo` or `s3`.
        store: &'static str,
        /// The driver's error.
        source: BoxError,
    },
    /// The store answered that it will not do that, or the answer cannot be read: a defect here, not an outage.
    #[error("{store} refused the call")]
    Rejected {
        /// `postgres`, `redis`, `mongo` or `s3`.
        store: &'static str,
        /// The driver's error.
        source: BoxError,
    },
    /// The configuration cannot be used. `reason` never holds a secret.
    #[error("{store} is not configured well: {reason}")]
    Misconfigured {
        /// `postgres`, `redis`, `mongo` or `s3`.
        store: &'static str,
        /// What to change.
        reason: String,
    },
}

impl StoreError {
    /// The store could not be reached.
    pub fn unavailable(store: &'static str, source: impl Into<BoxError>) -> Self {
        Self::Unavailable { store, source: source.into() }
    }

    /// The store did not answer in time.
    pub fn timeout(store: &'static str, source: impl Into<BoxError>) -> Self {
        Self::Timeout { store, source: source.into() }
    }

    /// The store refused.
    pub fn rejected(store: &'static str, source: impl Into<BoxError>) -> Self {
        Self::Rejected { store, source: source.into() }
    }

    /// The configuration is wrong.
    pub fn misconfigured(store: &'static str, reason: impl Into<String>) -> Self {
        Self::Misconfigured { store, reason: reason.into() }
    }

    /// Which store it was: `postgres`, `redis`, `mongo` or `s3`.
    #[must_use]
    pub fn store(&self) -> &'static str {
        match self {
            Self::Unavailable { store, .. }
            | Self::Timeout { store, .. }
            | Self::Rejected { store, .. }
            | Self::Misconfigured { store, .. } => store,
        }
    }

    /// Whether the same call may work later: an outage or a timeout, not a refusal.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Timeout { .. })
    }

    /// The error code for a client: a store is a part of this service, so its timeout is this service's outage.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        if self.is_transient() { ErrorKind::ServiceUnavailable } else { ErrorKind::Internal }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_503_and_a_refusal_is_a_defect() {
        assert_eq!(StoreError::unavailable("redis", "down").kind(), ErrorKind::ServiceUnavailable);
        assert_eq!(StoreError::timeout("redis", "slow").kind(), ErrorKind::ServiceUnavailable);
        assert_eq!(StoreError::rejected("redis", "WRONGTYPE").kind(), ErrorKind::Internal);
        assert_eq!(StoreError::misconfigured("redis", "no host").kind(), ErrorKind::Internal);
    }

    #[test]
    fn the_text_names_the_store_and_not_the_cause() {
        let error = StoreError::unavailable("postgres", "host 10.0.0.1 refused");
        assert_eq!(error.to_string(), "postgres is not available");
        assert_eq!(error.store(), "postgres");
    }
}
