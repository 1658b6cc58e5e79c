//! `POST /users/me/erase`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::error::FieldError;
use colink_events::users::UserErased;
use colink_http::{ApiError, ApiResult, Body, Failure, Reply};
use colink_jobs::Enqueue;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::closing::{Closing, check_handed_over, end_access, lock_leaving};
use crate::error::AuthError;
use crate::jobs::remove_archives::RemoveArchives;
use crate::reauthentication;
use crate::state::State;
use crate::store::users::User;
use crate::store::{closed_accounts, exports};

/// The confirmation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EraseAccount)]
pub(crate) struct Request {
    /// One's own username, typed as a confirmation.
    #[serde(default)]
    username: String,
}

/// Erase my account
///
/// Asks for a fresh proof (`POST /auth/reauthenticate`) and for one's username. For good: names, address, password, second
/// factors, linked providers, keys and sessions are deleted everywhere; messages and shared files stay, written by "Deleted
/// user". One's bots go out of use; what they wrote stays under their names. The last owner of a workspace with other members
/// hands it over first, and so does the last administrator of the installation.
#[utoipa::path(
    post,
    path = "/users/me/erase",
    operation_id = "erase_account",
    tag = "users",
    request_body(content = Request, example = json!({"username": "ada"})),
    responses(
        (status = 204, description = "Erased."),
        (status = 409, description = "CONFLICT: names the workspaces to be handed over, or he is the last administrator", body = Failure),
    )
)]
pub(crate) async fn erase_account(
    state: Data<State>,
    caller: Caller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<()>> {
    reauthentication::require(&state, &caller).await?;
    let user_id = caller.user_id();
    let user = super::load(&state, user_id).await?;
    if request.username != user.username {
        let reason = "must be your username, as a confirmation";
        return Err(ApiError::validation(vec![FieldError::new("username", reason)]));
    }
    check_handed_over(&state, user_id).await?;
    erase(&state, &caller).await?;
    Ok(Reply::no_content())
}

async fn erase(state: &State, caller: &Caller) -> Result<(), AuthError> {
    let (user_id, cause) = (caller.user_id(), caller.cause());
    let mut transaction = state.begin().await?;
    let user = lock_leaving(&mut transaction, user_id).await?;
    if exports::insert_orphans(&mut transaction, user_id).await? > 0 {
        let now = Enqueue::now().context(cause.clone());
        colink_jobs::enqueue(&mut transaction, &RemoveArchives, now, state.clock.as_ref()).await?;
    }
    let ended = end_access(state, &mut transaction, user_id, Closing::Erasure, &cause).await?;
    erase_row(state, &mut transaction, &user, caller).await?;
    closed_accounts::delete_answers(&mut transaction, user_id).await?;
    state.commit(transaction).await?;
    ended.announce(state).await;
    Ok(())
}

async fn erase_row(
    state: &State,
    transaction: &mut sqlx::PgConnection,
    user: &User,
    caller: &Caller,
) -> Result<(), AuthError> {
    let now = state.clock.now();
    let email_hash = user.email_normalised.as_deref().map(|email| hex::encode(Sha256::digest(email)));
    closed_accounts::replace_erased(transaction, user, now).await?;
    let event = UserErased { user_id: user.id(), email_hash, at: now.into() };
    state.emit(transaction, &event, &caller.cause()).await
}
