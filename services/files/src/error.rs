//! What can keep a request from being done, in words of the domain, and what a client is told of it.

use std::time::Duration;

use colink_core::error::{ErrorKind, FieldError};
use colink_events::SealError;
use colink_http::ApiError;
use colink_store::StoreError;

/// The result of everything below the handlers.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is none, or the caller may not know of it.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The caller may know of it, and may not do this.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// The workspace asks for a second factor, and the session was not proven by one.
    #[error("the session has no second factor")]
    SecondFactor,
    /// The file is larger than files may be.
    #[error("larger than {max_bytes} bytes")]
    TooLarge {
        /// Largest size in bytes.
        max_bytes: u64,
    },
    /// Some values were refused, or the bytes are not what was agreed.
    #[error("refused: {0:?}")]
    Refused(Vec<FieldError>),
    /// The bytes are not in the storage yet.
    #[error("nothing was uploaded yet")]
    NotUploaded,
    /// The upload is not confirmed yet.
    #[error("the upload is not confirmed yet")]
    NotConfirmed,
    /// The object in the storage is not the one that was confirmed.
    #[error("the object is not the one that was confirmed")]
    Replaced,
    /// The request itself was refused, or another service did not answer.
    #[error(transparent)]
    Request(#[from] ApiError),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event could not be written.
    #[error(transparent)]
    Event(#[from] SealError),
}

impl From<mongodb::error::Error> for Error {
    fn from(error: mongodb::error::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(what) => Self::not_found(what),
            Error::Forbidden(message) => Self::forbidden(message),
            Error::SecondFactor => Self::new(
                ErrorKind::MfaRequired,
                "This workspace asks for a second factor: set one up, or sign in with it.",
            ),
            Error::TooLarge { max_bytes } => {
                let message = format!("The file is larger than {max_bytes} bytes.");
                Self::new(ErrorKind::PayloadTooLarge, message)
                    .with_field("size", format!("must be at most {max_bytes}"))
            }
            Error::Refused(fields) => Self::validation(fields),
            Error::NotUploaded => {
                Self::conflict("Nothing was uploaded yet: PUT the bytes to the upload URL, then confirm.")
                    .retry_after(Duration::from_secs(1))
            }
            Error::NotConfirmed => Self::conflict("The upload is not confirmed yet: confirm it first."),
            Error::Replaced => {
                Self::conflict("The bytes are not those that were confirmed: upload the file again.")
            }
            Error::Request(refused) => refused,
            Error::Store(error) => Self::from(error),
            Error::Event(error) => Self::internal(error),
        }
    }
}
