//! `POST /users/me/deactivate`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_events::users::UserDeactivated;
use colink_http::{ApiResult, Failure, Reply};

use crate::closing::{Closing, check_handed_over, end_access, lock_leaving};
use crate::error::AuthError;
use crate::reauthentication;
use crate::state::State;
use crate::store::closed_accounts;

/// Close my account
///
/// Asks for a fresh proof (`POST /auth/reauthenticate`). Every session and API key ends at once, those of one's bots too, and
/// nobody can sign in; what was written stays under one's name, which nobody else gets. A realm admin can open the account
/// again, which brings no key back. The last owner of a workspace with other members hands it over first, and so does the last
/// administrator of the installation.
#[utoipa::path(
    post,
    path = "/users/me/deactivate",
    operation_id = "deactivate_account",
    tag = "users",
    responses(
        (status = 204, description = "Closed."),
        (status = 409, description = "CONFLICT: names the workspaces to be handed over, or he is the last administrator", body = Failure),
    )
)]
pub(crate) async fn deactivate_account(state: Data<State>, caller: Caller) -> ApiResult<Reply<()>> {
    reauthentication::require(&state, &caller).await?;
    check_handed_over(&state, caller.user_id()).await?;
    let (user_id, cause, now) = (caller.user_id(), caller.cause(), state.clock.now());
    let mut transaction = state.begin().await?;
    lock_leaving(&mut transaction, user_id).await?;
    let closed = closed_accounts::update_deactivated(&mut transaction, user_id, now).await;
    if !closed.map_err(AuthError::from)? {
        return Err(AuthError::UserGone.into());
    }
    let ended = end_access(&state, &mut transaction, user_id, Closing::Deactivation, &cause).await?;
    state.emit(&mut transaction, &UserDeactivated { user_id, at: now.into() }, &cause).await?;
    state.commit(transaction).await?;
    ended.announce(&state).await;
    Ok(Reply::no_content())
}
