//! Why a sign-in through a provider did not come about: a closed set of words for the client's page.

use colink_core::error::{ErrorKind, Invalid};
use colink_http::ApiError;

/// A sign-in that was refused. The word stands in the URL of the sign-in page, so it tells nothing about anybody but who
/// signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sign-in refused: {}", self.word())]
pub(crate) enum Refusal {
    /// The person said no at the provider.
    Cancelled,
    /// The sign-in was begun too long ago, in another browser, or not at all; or this is its second end.
    Expired,
    /// The provider refused, or its answer does not hold.
    Provider,
    /// The provider does not answer.
    Unavailable,
    /// The provider does not say that the address is verified, and it would matter.
    EmailUnverified,
    /// The address is of a domain that may not sign in this way.
    DomainNotAllowed,
    /// There is no account, and none is made.
    NotRegistered,
    /// There is an account with the address: sign in to it and link it there.
    AccountExists,
    /// The identity, or one of the same provider, is linked already.
    AlreadyLinked,
}

impl Refusal {
    /// The word in the URL.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Provider => "provider_error",
            Self::Unavailable => "provider_unavailable",
            Self::EmailUnverified => "email_unverified",
            Self::DomainNotAllowed => "domain_not_allowed",
            Self::NotRegistered => "not_registered",
            Self::AccountExists => "account_exists",
            Self::AlreadyLinked => "already_linked",
        }
    }

    /// The word in the audit log.
    pub(crate) fn reason(self) -> String {
        format!("oidc_{}", self.word())
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Cancelled => Self::forbidden("The sign-in was cancelled at the provider."),
            Refusal::Expired => Self::invalid(
                "state",
                Invalid::new("is of a sign-in that is over or was begun elsewhere: begin again"),
            ),
            Refusal::Provider => {
                Self::new(ErrorKind::Upstream, "The provider gave an answer that does not hold.")
            }
            Refusal::Unavailable => Self::unavailable("identity provider"),
            Refusal::EmailUnverified => {
                Self::forbidden("The provider does not say that your mail address is verified.")
            }
            Refusal::DomainNotAllowed => {
                Self::forbidden("People of your mail domain may not sign in this way.")
            }
            Refusal::NotRegistered => {
                Self::forbidden("You have no account here: register first, then link it.")
            }
            Refusal::AccountExists => Self::conflict(
                "There is an account with your address: sign in to it, then link the provider.",
            ),
            Refusal::AlreadyLinked => Self::conflict("This is linked to an account already."),
        }
    }
}
