//! What a Postgres error means. Codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use std::sync::Arc;

use sqlx::Error;

use crate::StoreError;

const QUERY_CANCELED: &str = "57014";
const LOCK_NOT_AVAILABLE: &str = "55P03";
const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK_DETECTED: &str = "40P01";

/// Turning a violated constraint into a domain error where the query is made.
pub trait PgErrorExt<T> {
    /// Replaces the error with `make()` when the constraint or unique index `name` was violated; any other error is converted
    /// with `From`.
    ///
    /// # Errors
    /// `make()`, or the converted error.
    fn on_constraint<E: From<Error>>(self, name: &str, make: impl FnOnce() -> E) -> Result<T, E>;
}

impl<T> PgErrorExt<T> for Result<T, Error> {
    fn on_constraint<E: From<Error>>(self, name: &str, make: impl FnOnce() -> E) -> Result<T, E> {
        self.map_err(|error| if constraint(&error) == Some(name) { make() } else { E::from(error) })
    }
}

/// The constraint or unique index that was violated, for a query that may violate several.
#[must_use]
pub fn constraint(error: &Error) -> Option<&str> {
    error.as_database_error().and_then(|error| error.constraint())
}

/// Whether the server could not be reached or says that it cannot serve now.
#[must_use]
pub fn is_unavailable(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => true,
        Error::Database(_) => code(error).is_some_and(|code| {
            // 08 connection, 53 out of resources, 57P shut down or starting, 25006 a standby after a failover.
            code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") || code == "25006"
        }),
        _ => false,
    }
}

/// Whether the same transaction, run again from its start, may succeed: a deadlock or a serialization failure.
#[must_use]
pub fn is_retryable(error: &Error) -> bool {
    code(error).is_some_and(|code| code == SERIALIZATION_FAILURE || code == DEADLOCK_DETECTED)
}

fn is_timeout(error: &Error) -> bool {
    code(error).is_some_and(|code| code == QUERY_CANCELED || code == LOCK_NOT_AVAILABLE)
}

pub(super) fn code(error: &Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        Self::from(Arc::new(error))
    }
}

/// For one failure that several callers share.
impl From<Arc<Error>> for StoreError {
    fn from(error: Arc<Error>) -> Self {
        if is_unavailable(&error) {
            Self::unavailable(super::STORE, error)
        } else if is_timeout(&error) {
            Self::timeout(super::STORE, error)
        } else {
            Self::rejected(super::STORE, error)
        }
    }
}
