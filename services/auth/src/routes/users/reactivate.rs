//! `POST /auth/users/{user_id}/reactivate`.

use actix_web::web::Data;
use colink_auth::RealmAdmin;
use colink_core::id::UserId;
use colink_events::users::UserReactivated;
use colink_http::{ApiError, ApiResult, Path, Reply};

use crate::error::AuthError;
use crate::state::State;
use crate::store::{closed_accounts, users};

/// Open a closed account again
///
/// For realm admins. Its owner signs in as before; his sessions and API keys of before stay ended, those of his bots
/// too: new ones are made. Repeating it changes nothing.
#[utoipa::path(
    post,
    path = "/auth/users/{user_id}/reactivate",
    operation_id = "reactivate_account",
    tag = "auth",
    params(("user_id" = UserId, Path, description = "Whose account.")),
    responses((status = 204, description = "The account is open."))
)]
pub(crate) async fn reactivate_account(
    state: Data<State>,
    RealmAdmin(caller): RealmAdmin,
    Path(user_id): Path<UserId>,
) -> ApiResult<Reply<()>> {
    let now = state.clock.now();
    let mut transaction = state.begin().await?;
    let user = users::lock(&mut transaction, user_id).await.map_err(AuthError::from)?;
    if user.is_none_or(|user| user.erased_at.is_some()) {
        return Err(ApiError::not_found("user"));
    }
    let opened = closed_accounts::update_reactivated(&mut transaction, user_id, now).await;
    if opened.map_err(AuthError::from)? {
        state.emit(&mut transaction, &UserReactivated { user_id, at: now.into() }, &caller.cause()).await?;
        state.commit(transaction).await?;
    }
    Ok(Reply::no_content())
}
