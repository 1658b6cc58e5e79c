//! What can go wrong, in the words of the domain, and what a client reads of it.

use colink_core::error::ErrorKind;
use colink_http::ApiError;
use colink_store::StoreError;

/// Why a search fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The caller is not in the workspace, or there is none.
    #[error("there is no such workspace")]
    NoWorkspace,
    /// The workspace asks for a second factor, and the session was not proven by one.
    #[error("the session has no second factor")]
    SecondFactor,
    /// The index failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Channels refused or could not be asked.
    #[error(transparent)]
    Channels(ApiError),
}

/// What the service's own functions return; handlers turn it into an answer by `?`.
pub(crate) type Result<T> = std::result::Result<T, Error>;

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NoWorkspace => Self::not_found("workspace"),
            Error::SecondFactor => Self::new(
                ErrorKind::MfaRequired,
                "This workspace asks for a second factor: set one up, or sign in with it.",
            ),
            Error::Store(error) => error.into(),
            Error::Channels(error) => error,
        }
    }
}
