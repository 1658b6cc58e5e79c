//! `POST /auth/users/{user_id}/reactivate`.

use actix_web::web::Data;
use colink_auth::RealmAdmin;
use colink_core::id::UserId;
use colink_events::users::UserReactivated;
use colink_http::{ApiError, ApiResult, Path, Reply};

use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::mail::{self, Mail};
use crate::state::State;
use crate::store::{closed_accounts, users};
use crate::{administration, reauthentication};

/// Open a closed account again
///
/// For realm admins; needs a proof of identity that is not old. Its owner signs in as before and is told by mail; his sessions
/// and API keys of before stay ended, those of his bots too: new ones are made. Repeating it changes nothing.
#[utoipa::path(
    post,
    path = "/auth/users/{user_id}/reactivate",
    operation_id = "reactivate_account",
    tag = "auth",
    params(("user_id" = UserId, Path, description = "Whose account.")),
    responses(
        (status = 204, description = "The account is open."),
        (status = 403, response = inline(super::super::refusals::Reauthenticate)),
    )
)]
pub(crate) async fn reactivate_account(
    state: Data<State>,
    RealmAdmin(caller): RealmAdmin,
    Path(user_id): Path<UserId>,
) -> ApiResult<Reply<()>> {
    reauthentication::require(&state, &caller).await?;
    let (now, cause) = (state.clock.now(), caller.cause());
    let mut transaction = state.begin().await?;
    let user = users::lock(&mut transaction, user_id).await.map_err(AuthError::from)?;
    // A bot that was taken out of use stays so.
    if !user.is_some_and(|user| administration::is_proven_person(&user)) {
        return Err(ApiError::not_found("user"));
    }
    let opened = closed_accounts::update_reactivated(&mut transaction, user_id, now).await;
    if opened.map_err(AuthError::from)? {
        state.emit(&mut transaction, &UserReactivated { user_id, at: now.into() }, &cause).await?;
        let mail = Mail::new(user_id, Template::AccountReactivated).at(now);
        mail::queue_filled(&state, &mut transaction, mail, &cause).await?;
        state.commit(transaction).await?;
    }
    Ok(Reply::no_content())
}
