//! `DELETE /auth/oidc/{provider}`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_http::{ApiError, ApiResult, Path, Reply};
use sqlx::PgConnection;

use super::provider_of;
use crate::error::AuthError;
use crate::oidc::linking;
use crate::reauthentication;
use crate::revocation::{Revocation, reason};
use crate::state::State;
use crate::store::{identities, sessions, users};
use crate::ways_in;

/// Unlink a provider from my account
///
/// Needs a proof of identity that is not old. 409 when it is the last way to sign in: set a password or add another way
/// first. Every other session of the user ends, sign-ins that a provider has begun are over, and he is told by mail.
#[utoipa::path(
    delete,
    path = "/auth/oidc/{provider}",
    operation_id = "unlink_identity",
    tag = "oidc",
    params(("provider" = String, Path, description = "The provider's id.")),
    responses((status = 204, description = "Unlinked."))
)]
pub(crate) async fn unlink_identity(
    state: Data<State>,
    caller: Caller,
    Path(provider): Path<String>,
) -> ApiResult<Reply<()>> {
    reauthentication::require(&state, &caller).await?;
    let (user_id, found) = (caller.user_id(), provider_of(&state, &provider).await?);
    // The operator may have taken the provider out of the configuration.
    let name = found.map_or_else(|| provider.clone(), |found| found.name);
    let mut transaction = state.begin().await?;
    // The row lock lets changes of the ways in happen one after the other: of two last ones one stays.
    users::lock(&mut transaction, user_id).await.map_err(AuthError::from)?.ok_or(AuthError::UserGone)?;
    let unlinked = identities::delete(&mut transaction, user_id, &provider).await;
    if !unlinked.map_err(AuthError::from)? {
        return Err(ApiError::not_found("linked provider"));
    }
    if !ways_in::remain(&state, &mut transaction, user_id).await? {
        return Err(AuthError::LastWayIn.into());
    }
    let ended = close(&state, &mut transaction, &caller, &provider, &name).await?;
    state.commit(transaction).await?;
    ended.announce(&state).await;
    Ok(Reply::no_content())
}

/// The provider may be in another's hands: what it opened goes, as with a passkey that is removed.
async fn close(
    state: &State,
    transaction: &mut PgConnection,
    caller: &Caller,
    provider: &str,
    name: &str,
) -> Result<Revocation, AuthError> {
    let (user_id, kept, cause) = (caller.user_id(), caller.session_id(), caller.cause());
    let (now, reason) = (state.clock.now(), reason::PROVIDER_UNLINKED);
    linking::unlinked(state, transaction, user_id, provider, name, &cause).await?;
    let others = sessions::update_others_revoked(transaction, user_id, kept, reason, now).await?;
    Revocation::record(state, transaction, user_id, others, reason, &cause).await
}
