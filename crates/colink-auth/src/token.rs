//! Why a token is refused.

use colink_core::error::ErrorKind;
use colink_http::ApiError;

/// Why a token is refused. The reason in detail is only logged: it would help whoever forges tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is none.
    #[error("no token")]
    Missing,
    /// Its time has passed.
    #[error("the token has expired")]
    Expired,
    /// It is malformed, forged, from or for somebody else, or not valid yet.
    #[error("the token is not valid")]
    Invalid,
    /// Its session was ended.
    #[error("the session was ended")]
    Revoked,
    /// It is good for nothing but enrolling a second factor.
    #[error("the session has to enrol a second factor first")]
    EnrolmentOnly,
    /// It cannot be judged: its key is not known here and the issuer cannot be asked.
    #[error("the issuer's keys cannot be fetched")]
    Unavailable,
}

impl TokenError {
    /// The error code.
    #[must_use]
    pub fn kind(self) -> ErrorKind {
        match self {
            Self::Missing => ErrorKind::Unauthorized,
            Self::Expired => ErrorKind::TokenExpired,
            Self::Invalid | Self::Revoked => ErrorKind::TokenInvalid,
            Self::EnrolmentOnly => ErrorKind::MfaRequired,
            Self::Unavailable => ErrorKind::ServiceUnavailable,
        }
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Revoked => Self::new(error.kind(), "The session was ended; sign in again."),
            TokenError::EnrolmentOnly => {
                Self::new(error.kind(), "Set up a second factor first: you must have one.")
            }
            TokenError::Unavailable => Self::of(error.kind()).caused_by(error),
            TokenError::Missing | TokenError::Expired | TokenError::Invalid => Self::of(error.kind()),
        }
    }
}
