//! `DELETE /auth/oidc/{provider}`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_http::{ApiError, ApiResult, Path, Reply};

use super::provider_of;
use crate::error::AuthError;
use crate::oidc::linking;
use crate::reauthentication;
use crate::state::State;
use crate::store::{identities, users};
use crate::ways_in;

/// Unlink a provider from my account
///
/// 409 when it is the last way to sign in: set a password or add another way first. The owner is told by mail.
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
    linking::unlinked(&state, &mut transaction, user_id, &provider, &name, &caller.cause()).await?;
    state.commit(transaction).await?;
    Ok(Reply::no_content())
}
