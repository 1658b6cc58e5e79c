//! A provider's access token that somebody presents, to `POST /auth/token-exchange` or through the gateway: whose it
//! is, by the same rules on both ways.

use colink_core::error::ErrorKind;
use colink_http::ApiError;

use super::access_token::Verified;
use super::person::Person;
use super::provider::Provider;
use super::refusal::Refusal;
use crate::error::AuthError;
use crate::sign_in::Proof;
use crate::state::State;
use crate::store::users::User;
use crate::store::{identities, users};

/// A token that counts.
#[derive(Debug)]
pub(crate) struct Presented {
    /// Whose account its identity is linked to.
    pub(crate) user: User,
    pub(crate) proof: Proof,
    /// His name at the provider.
    pub(crate) subject: String,
    /// When it was made, in seconds since 1970, if it says so.
    pub(crate) issued_at: Option<i64>,
    pub(crate) expires_at: i64,
}

/// Why a token opens nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Rejection {
    /// It is not known to be the provider's.
    #[error("not known to be the provider's: {0}")]
    Unproven(Refusal),
    /// The provider has made it.
    #[error(transparent)]
    Proven(Refusal),
    /// The account is gone, or a store failed.
    #[error(transparent)]
    Failed(#[from] AuthError),
}

impl Rejection {
    /// The reason for the audit log; none for a token that anybody may have made up.
    pub(crate) fn reason(&self) -> Option<String> {
        match self {
            Self::Proven(refusal) => Some(refusal.reason()),
            Self::Unproven(_) | Self::Failed(_) => None,
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Unproven(Refusal::Provider) | Rejection::Proven(Refusal::Provider) => {
                Self::new(ErrorKind::TokenInvalid, "The provider's token is not valid here.")
            }
            Rejection::Unproven(other) | Rejection::Proven(other) => other.into(),
            Rejection::Failed(error) => error.into(),
        }
    }
}

/// Verifies a token that `provider` made for `audience`, and finds the account.
///
/// # Errors
/// [`Rejection`]: `TOKEN_INVALID` for a token that does not count; what keeps its bearer out.
pub(crate) async fn judge(
    state: &State,
    provider: &Provider,
    audience: &str,
    token: &str,
) -> Result<Presented, Rejection> {
    let verified = state.oidc.present(provider, token, audience, state.clock.now(), state.leeway).await;
    let Verified { person, issued_at, expires_at, authenticated_at } = verified.map_err(|error| {
        state.metrics.provider_failed(provider, &error);
        let of_provider = error.is_of_provider();
        if of_provider { Rejection::Proven(error.refusal()) } else { Rejection::Unproven(error.refusal()) }
    })?;
    let user = owner(state, provider, &person).await?;
    let two = person.proved_two_factors(provider);
    let proof = Proof::identity(&provider.key, &person.subject, two, authenticated_at);
    Ok(Presented { user, proof, subject: person.subject, issued_at, expires_at })
}

/// Whose identity it is.
async fn owner(state: &State, provider: &Provider, person: &Person) -> Result<User, Rejection> {
    person.check_domain(provider).map_err(Rejection::Proven)?;
    let found = identities::find(&state.pool, &provider.key, &person.subject).await;
    let user_id = found.map_err(AuthError::from)?.ok_or(Rejection::Proven(Refusal::NotRegistered))?;
    let user = users::lookup(&state.pool, user_id).await.map_err(AuthError::from)?;
    Ok(user.ok_or(AuthError::UserGone)?)
}
