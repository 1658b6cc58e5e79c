//! What this service refuses, in its own words, and the answer to each.

use std::time::Duration;

use colink_bus::BusError;
use colink_core::error::{ErrorKind, Invalid};
use colink_http::ApiError;
use colink_jobs::JobsError;
use colink_secrets::SealError;
use colink_store::StoreError;

use crate::api_keys::error::ApiKeyError;
use crate::export::ArchiveError;
use crate::oidc::refusal::Refusal;

/// Why a call of this service was refused or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthError {
    /// Unknown address or wrong password; which of the two is never said.
    #[error("the address or the password is wrong")]
    WrongCredentials,
    /// The password was right, but the address is not proven yet.
    #[error("the mail address is not verified")]
    Unverified,
    /// The account was closed by an administrator.
    #[error("the account is suspended")]
    Suspended,
    /// Another service did not answer.
    #[error("another service did not answer: {0}")]
    Peer(ApiError),
    /// An archive could not be written.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The account was closed by its owner.
    #[error("the account is deactivated")]
    Deactivated,
    /// Too many failures for this address from this client.
    #[error("too many failed sign-ins")]
    Locked(Duration),
    /// The account has no password to change.
    #[error("the account has no password")]
    NoPassword,
    /// The account has a password already.
    #[error("the account has a password")]
    HasPassword,
    /// Nothing shows that whoever uses the link made the registration.
    #[error("the link alone is not enough")]
    ProofNeeded,
    /// A limit of `[limits]` is used up.
    #[error("too many calls")]
    Limited(Duration),
    /// Somebody has the name.
    #[error("the username is taken")]
    UsernameTaken,
    /// The link was used, has expired or never was.
    #[error("the link is not valid")]
    DeadLink,
    /// The code of a sign-in through a provider was used, has expired, or is another browser's.
    #[error("the code is not valid")]
    DeadCode,
    /// The identity that a provider vouches for was unlinked in this moment.
    #[error("the identity is linked to the account no more")]
    Unlinked,
    /// The refresh token is unknown, or its session is over.
    #[error("the refresh token is not valid")]
    DeadRefreshToken,
    /// The refresh token's time has passed.
    #[error("the refresh token has expired")]
    ExpiredRefreshToken,
    /// What concerns API keys and bots.
    #[error(transparent)]
    ApiKey(#[from] ApiKeyError),
    /// A browser sent its cookie along with a request of a page that may not use it.
    #[error("a foreign page made the request")]
    ForeignPage,
    /// The token of the page that goes with the cookie is missing, or of another session.
    #[error("the CSRF token is not that of the session")]
    WrongCsrfToken,
    /// `X-Refresh-In` has a value that means nothing.
    #[error("the place for the refresh token is not known")]
    RefreshInUnknown,
    /// The token is good and its user is gone.
    #[error("the user of the token is gone")]
    UserGone,
    /// A passkey did not prove who somebody is; why is only logged.
    #[error("the passkey was not accepted")]
    PasskeyRefused,
    /// What an authenticator made cannot be registered; why is only logged.
    #[error("the new passkey is not sound")]
    PasskeyUnsound,
    /// Somebody registered the credential already.
    #[error("the credential is registered")]
    PasskeyKnown,
    /// The user has as many passkeys as he may have.
    #[error("there are too many passkeys")]
    TooManyPasskeys,
    /// No ceremony is open; the field of the request that would have named it.
    #[error("no passkey ceremony is open")]
    DeadCeremony(&'static str),
    /// Nothing else would sign in to the account.
    #[error("it is the last way into the account")]
    LastWayIn,
    /// Nobody would administer the installation any more.
    #[error("it is the last administrator")]
    LastAdministrator,
    /// The caller proved who he is too long ago for what he wants to change.
    #[error("the session was not proven lately")]
    Stale,
    /// The code of a second factor is wrong or was used.
    #[error("the code is wrong")]
    WrongCode,
    /// The sign-in that waits for a second factor is over.
    #[error("the ticket is not valid")]
    DeadTicket,
    /// The first factor was right, and a second one is needed as well.
    #[error("a second factor is needed")]
    SecondFactorMissing,
    /// There is an authenticator in use already.
    #[error("an authenticator is in use")]
    FactorInUse,
    /// No authenticator waits for its first code in this session.
    #[error("no authenticator was set up")]
    NothingSetUp,
    /// The user has no such second factor.
    #[error("there is no second factor")]
    NoFactor,
    /// A new signing key was ordered while one waits or too many are published; the time until there may be one.
    #[error("a new signing key cannot be made yet")]
    KeyWaits(Duration),
    /// No signing key is loaded yet, or no turn for a hash came up in time.
    #[error("{0} is not available")]
    Busy(&'static str),
    /// A hash, a key or a signature could not be made: a defect.
    #[error("cryptography failed: {0}")]
    Crypto(String),
    /// A stored secret does not open.
    #[error("a stored secret does not open")]
    Seal(#[from] SealError),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event could not be put into the outbox.
    #[error(transparent)]
    Outbox(#[from] BusError),
    /// A job could not be queued.
    #[error(transparent)]
    Jobs(#[from] JobsError),
}

impl AuthError {
    /// A failure of a cryptographic library, whose errors differ in type and say little.
    pub(crate) fn crypto(error: impl std::fmt::Display) -> Self {
        Self::Crypto(error.to_string())
    }
}

impl From<sqlx::Error> for AuthError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<redis::RedisError> for AuthError {
    fn from(error: redis::RedisError) -> Self {
        Self::Store(error.into())
    }
}

impl From<AuthError> for ApiError {
    #[expect(clippy::too_many_lines, reason = "one table, whose completeness the compiler checks")]
    fn from(error: AuthError) -> Self {
        use AuthError as E;
        match error {
            E::WrongCredentials => Self::new(
                ErrorKind::InvalidCredentials,
                "The address or the password is wrong, or the address was never verified.",
            ),
            E::Unverified => {
                Self::forbidden("Verify your mail address first: open the link that was sent to it.")
            }
            E::Suspended => Self::forbidden("This account is suspended; ask an administrator."),
            E::Peer(error) => error,
            E::Archive(_) => Self::internal(error),
            E::Deactivated => {
                Self::forbidden("This account is deactivated; ask an administrator to open it again.")
            }
            E::NoPassword => Self::conflict("The account has no password yet: set one."),
            E::HasPassword => {
                Self::conflict("The account has a password: change it, or ask for a link by mail.")
            }
            E::ProofNeeded => Self::invalid(
                "password",
                Invalid::new(
                    "is asked for here: give the one chosen at the registration, or ask for a new one",
                ),
            ),
            E::Locked(wait) => Self::of(ErrorKind::AccountLocked).retry_after(wait),
            E::Limited(wait) => Self::rate_limited(wait),
            E::UsernameTaken => Self::already_exists("The username is taken.")
                .with_field("username", "is taken: choose another one"),
            E::DeadLink => {
                Self::invalid("token", Invalid::new("was used, has expired or never was: ask for a new mail"))
            }
            E::DeadCode => Self::invalid(
                "code",
                Invalid::new("was used, has expired or was given to another browser: sign in again"),
            ),
            E::Unlinked => Refusal::NotRegistered.into(),
            E::DeadRefreshToken => {
                Self::new(ErrorKind::TokenInvalid, "The refresh token is not valid any more; sign in again.")
            }
            E::ExpiredRefreshToken => {
                Self::new(ErrorKind::TokenExpired, "The refresh token has expired; sign in again.")
            }
            E::WrongCode => Self::new(ErrorKind::InvalidCredentials, "The code is wrong or was used."),
            E::DeadTicket => Self::new(
                ErrorKind::TokenInvalid,
                "This sign-in is over; begin again with your first factor.",
            ),
            E::SecondFactorMissing => Self::new(ErrorKind::MfaRequired, "A second factor is needed as well."),
            E::FactorInUse => Self::conflict("An authenticator app is in use: give it up first."),
            E::NothingSetUp => Self::conflict("Set an authenticator app up in this session first."),
            E::NoFactor => Self::conflict("You have no such second factor."),
            E::PasskeyRefused => Self::new(ErrorKind::InvalidCredentials, "The passkey was not accepted."),
            E::PasskeyUnsound => Self::invalid("credential", Invalid::new("was not accepted: begin anew")),
            E::PasskeyKnown => Self::already_exists("The passkey is registered already."),
            E::TooManyPasskeys => {
                Self::conflict("There are as many passkeys as there may be; remove one first.")
            }
            E::DeadCeremony(field) => {
                Self::invalid(field, Invalid::new("was used, has expired or never was: begin anew"))
            }
            E::LastWayIn => Self::conflict("This is the last way into the account; add another one first."),
            E::LastAdministrator => Self::conflict(
                "The installation would have no administrator left: make somebody else one first.",
            ),
            E::ForeignPage => Self::forbidden("Pages of other sites may not do this."),
            E::WrongCsrfToken => Self::forbidden(
                "Repeat the token that came with the sign-in in X-CSRF-Token, or sign in again.",
            ),
            E::RefreshInUnknown => Self::invalid("X-Refresh-In", Invalid::new("must be `body` or `cookie`")),
            E::KeyWaits(wait) => {
                Self::conflict("There is a new key already: wait until it signs.").retry_after(wait)
            }
            E::Stale => Self::of(ErrorKind::ReauthenticationRequired),
            E::ApiKey(refusal) => refusal.into(),
            E::UserGone => Self::of(ErrorKind::TokenInvalid),
            E::Busy(what) => Self::unavailable(what),
            E::Crypto(_) | E::Seal(_) => Self::internal(error),
            E::Store(error) => error.into(),
            E::Outbox(BusError::Database(error)) | E::Jobs(JobsError::Database(error)) => error.into(),
            E::Outbox(error) => Self::internal(error),
            E::Jobs(error) => Self::internal(error),
        }
    }
}
