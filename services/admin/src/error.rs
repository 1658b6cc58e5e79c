//! What can go wrong with the audit log, and what a client and the consumer make of it.

use colink_bus::HandleError;
use colink_http::ApiError;
use colink_store::StoreError;

/// Why an entry was not read or not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditError {
    /// No event of this id was recorded, or not yet.
    #[error("there is no such entry")]
    NoEntry,
    /// MongoDB is away, or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AuditError> for ApiError {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::NoEntry => Self::not_found("entry of the audit log"),
            AuditError::Store(error) => error.into(),
        }
    }
}

/// A log that cannot be reached is waited for, however long, so that no event is passed over; what it refuses is
/// tried again and then parked.
impl From<AuditError> for HandleError {
    fn from(error: AuditError) -> Self {
        match &error {
            AuditError::Store(store) if store.is_transient() => Self::unavailable(error),
            AuditError::Store(_) | AuditError::NoEntry => Self::retry(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_waited_for_and_a_refusal_is_not() {
        let handled = |store: StoreError| HandleError::from(AuditError::from(store));
        let away = [StoreError::unavailable("mongo", "down"), StoreError::timeout("mongo", "slow")];
        for error in away {
            assert!(matches!(handled(error), HandleError::Unavailable(_)));
        }
        assert!(matches!(handled(StoreError::rejected("mongo", "no")), HandleError::Retry(_)));
    }
}
