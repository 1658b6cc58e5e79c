//! `POST /auth/logout`.

use actix_web::web::Data;
use colink_auth::EnrollingCaller;
use colink_http::{ApiResult, Reply};

use crate::browser;
use crate::error::AuthError;
use crate::revocation::{Revocation, reason};
use crate::state::State;
use crate::store::sessions;

/// Sign out
///
/// Ends the session of the access token: its tokens stop working, its sockets close, and a browser's cookie is taken
/// back.
#[utoipa::path(
    post,
    path = "/auth/logout",
    operation_id = "logout_user",
    tag = "auth",
    responses((status = 204, description = "Signed out."))
)]
pub(crate) async fn logout_user(
    state: Data<State>,
    EnrollingCaller(caller): EnrollingCaller,
) -> ApiResult<Reply<()>> {
    let (user_id, session_id) = (caller.user_id(), caller.session_id());
    let mut transaction = state.begin().await?;
    let now = state.clock.now();
    let ended = sessions::update_revoked(&mut transaction, user_id, session_id, reason::LOGOUT, now);
    let ended: Vec<_> = ended.await.map_err(AuthError::from)?.then_some(session_id).into_iter().collect();
    let ended =
        Revocation::record(&state, &mut transaction, user_id, ended, reason::LOGOUT, &caller.cause()).await?;
    state.commit(transaction).await?;
    ended.announce(&state).await;
    Ok(browser::forget(&state, caller.context(), Reply::no_content()))
}
