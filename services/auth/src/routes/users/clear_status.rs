//! `DELETE /users/me/status`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_events::users::UserUpdated;
use colink_http::{ApiResult, Reply};

use crate::error::AuthError;
use crate::state::State;
use crate::store::profiles;

/// Take my status away
///
/// Repeating it changes nothing.
#[utoipa::path(
    delete,
    path = "/users/me/status",
    operation_id = "clear_status",
    tag = "users",
    responses((status = 204, description = "There is no status."))
)]
pub(crate) async fn clear_status(state: Data<State>, caller: Caller) -> ApiResult<Reply<()>> {
    let now = state.clock.now();
    let mut transaction = state.begin().await?;
    let user = super::lock(&mut transaction, caller.user_id()).await?;
    if user.profile.has_status() {
        let changed = profiles::update_status(&mut transaction, user.id(), None, now).await;
        let user = changed.map_err(AuthError::from)?;
        state.emit(&mut transaction, &UserUpdated(user.payload(now.into())), &caller.cause()).await?;
        state.commit(transaction).await?;
    }
    Ok(Reply::no_content())
}
