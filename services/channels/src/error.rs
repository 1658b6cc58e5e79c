//! What can keep a change from being made, in words of the domain, and what a client and a consumer
//! make of it.

use colink_bus::{BusError, HandleError};
use colink_core::error::ErrorKind;
use colink_http::ApiError;

/// The result of everything below the handlers.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Why a change was not made, or something could not be read.
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
    /// A workspace needs an owner.
    #[error("the last owner must stay")]
    LastOwner,
    /// The slug of a workspace or channel is taken.
    #[error("the {0} is taken")]
    Taken(&'static str),
    /// Nobody can be brought into the workspace any more.
    #[error("the workspace is full")]
    WorkspaceFull,
    /// The invitation was good once.
    #[error("the invitation {0}")]
    InviteSpent(&'static str),
    /// The user is not an active member of the workspace.
    #[error("{0} is no member of the workspace")]
    NoMember(String),
    /// The request itself was refused.
    #[error(transparent)]
    Request(#[from] ApiError),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The outbox.
    #[error(transparent)]
    Bus(#[from] BusError),
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
            Error::LastOwner => Self::conflict("A workspace needs an owner: make somebody else one first."),
            Error::Taken(field) => Self::already_exists(format!("The {field} is taken."))
                .with_field(field, "is taken, choose another one"),
            Error::WorkspaceFull => {
                Self::new(ErrorKind::QuotaExceeded, "The workspace has as many members as it may.")
            }
            Error::InviteSpent(state) => {
                Self::conflict(format!("The invitation {state}: ask for another one."))
            }
            Error::NoMember(field) => {
                let refused =
                    colink_core::error::FieldError::new(field, "must be an active member of the workspace");
                Self::validation(vec![refused])
            }
            Error::Request(refused) => refused,
            Error::Database(error) | Error::Bus(BusError::Database(error)) => Self::from(error),
            Error::Bus(error) => Self::internal(error),
        }
    }
}

/// A database that is away is waited for; anything else is tried again, then parked.
impl From<Error> for HandleError {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) | Error::Bus(BusError::Database(error)) => error.into(),
            error => Self::retry(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_waited_for_and_a_refusal_is_not() {
        let away = [
            Error::Database(sqlx::Error::PoolTimedOut),
            Error::Bus(BusError::Database(sqlx::Error::PoolTimedOut)),
        ];
        for error in away {
            assert!(matches!(HandleError::from(error), HandleError::Unavailable(_)));
        }
        for error in [Error::Database(sqlx::Error::RowNotFound), Error::LastOwner] {
            assert!(matches!(HandleError::from(error), HandleError::Retry(_)));
        }
    }
}
