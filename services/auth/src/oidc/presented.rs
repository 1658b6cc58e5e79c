//! A provider's access token that somebody presents, to `POST /auth/token-exchange` or through the gateway: whose it
//! is, by the same rules on both ways.

use colink_core::error::ErrorKind;
use colink_http::{ApiError, ApiResult};

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

/// Verifies a token that `provider` made for `audience`, and finds the account.
///
/// # Errors
/// `TOKEN_INVALID` for a token that does not count; what keeps its bearer out.
pub(crate) async fn judge(
    state: &State,
    provider: &Provider,
    audience: &str,
    token: &str,
) -> ApiResult<Presented> {
    let verified = state.oidc.present(provider, token, audience, state.clock.now(), state.leeway).await;
    let Verified { person, issued_at, expires_at } = verified.map_err(|error| {
        state.metrics.provider_failed(provider, &error);
        refused(error.refusal())
    })?;
    let user = owner(state, provider, &person).await?;
    let proof = Proof::provider(person.proved_two_factors(provider));
    Ok(Presented { user, proof, subject: person.subject, issued_at, expires_at })
}

fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Provider => {
            ApiError::new(ErrorKind::TokenInvalid, "The provider's token is not valid here.")
        }
        other => other.into(),
    }
}

/// Whose identity it is.
async fn owner(state: &State, provider: &Provider, person: &Person) -> ApiResult<User> {
    person.check_domain(provider)?;
    let found = identities::find(&state.pool, &provider.key, &person.subject).await?;
    let user_id = found.ok_or(Refusal::NotRegistered)?;
    let user = users::lookup(&state.pool, user_id).await?;
    Ok(user.ok_or(AuthError::UserGone)?)
}
