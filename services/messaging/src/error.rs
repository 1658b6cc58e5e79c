//! What can go wrong, in the words of the domain, and what a client reads of it.

use colink_bus::BusError;
use colink_core::error::ErrorKind;
use colink_core::permission::Scope;
use colink_events::SealError;
use colink_http::ApiError;
use colink_store::StoreError;

use crate::store::turn::LogError;
use crate::store::users::UserError;

/// Why a request of this service is refused or fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no such thing, or the caller may not know of it.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The caller may see the channel and may not do this in it.
    #[error("not allowed in this channel")]
    NotAllowed,
    /// The caller may, and his token may not be used for it.
    #[error("the token lacks the scope {0}")]
    ScopeMissing(Scope),
    /// The workspace asks for a second factor, and the session was not proven by one.
    #[error("the session has no second factor")]
    SecondFactor,
    /// The channel is read-only.
    #[error("the channel is archived")]
    Archived,
    /// Somebody else wrote the message.
    #[error("not the author")]
    NotAuthor,
    /// The message is too old to be edited.
    #[error("the time to edit is over")]
    EditWindowOver,
    /// The key names another message (M-2).
    #[error("the key was used for another message")]
    KeyReused,
    /// The caller reacts with this emoji already (M-7).
    #[error("reacted already")]
    ReactedAlready,
    /// The message has as many different emoji as it may (M-7).
    #[error("too many different reactions")]
    TooManyReactions(u16),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event or a view could not be written as JSON.
    #[error("something has no JSON form")]
    Json(#[from] serde_json::Error),
    /// An event could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// An event could not be put into the outbox.
    #[error(transparent)]
    Outbox(#[from] BusError),
    /// Another service refused or could not be asked.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// What the service's own functions return; handlers turn it into an answer by `?`.
pub(crate) type Result<T> = std::result::Result<T, Error>;

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<LogError> for Error {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Database(error) => error.into(),
            LogError::Seal(error) => error.into(),
        }
    }
}

impl From<UserError> for Error {
    fn from(error: UserError) -> Self {
        match error {
            UserError::Database(error) => error.into(),
            UserError::Json(error) => error.into(),
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(what) => Self::not_found(what),
            Error::NotAllowed => Self::forbidden("You may not do this in this channel."),
            Error::ScopeMissing(scope) => Self::forbidden(scope.refusal()),
            Error::SecondFactor => Self::new(
                ErrorKind::MfaRequired,
                "This workspace asks for a second factor: set one up, or sign in with it.",
            ),
            Error::Archived => Self::forbidden("The channel is archived and read-only."),
            Error::NotAuthor => Self::forbidden("Only its author may do this."),
            Error::EditWindowOver => Self::forbidden("The message is too old to be edited."),
            Error::KeyReused => {
                let text = "This key was used for another message: choose a new one.";
                Self::new(ErrorKind::IdempotencyKeyReused, text)
            }
            Error::ReactedAlready => Self::already_exists("You react with this emoji already."),
            Error::TooManyReactions(limit) => {
                Self::conflict(format!("A message has at most {limit} different reactions."))
            }
            Error::Store(error) => error.into(),
            Error::Json(error) => Self::internal(error),
            Error::Seal(error) => Self::internal(error),
            Error::Outbox(error) => Self::internal(error),
            Error::Api(error) => error,
        }
    }
}
