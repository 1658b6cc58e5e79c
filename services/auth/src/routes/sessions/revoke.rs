//! `DELETE /auth/sessions/{session_id}`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::SessionId;
use colink_http::{ApiError, ApiResult, Path, Reply};

use crate::revocation::{Revocation, reason};
use crate::state::State;
use crate::store::sessions;

/// End one of my sessions
#[utoipa::path(
    delete,
    path = "/auth/sessions/{session_id}",
    operation_id = "revoke_session",
    tag = "sessions",
    params(("session_id" = SessionId, Path, description = "The session.")),
    responses((status = 204, description = "Ended."))
)]
pub(crate) async fn revoke_session(
    state: Data<State>,
    caller: Caller,
    Path(session_id): Path<SessionId>,
) -> ApiResult<Reply<()>> {
    let (user_id, now, reason) = (caller.user_id(), state.clock.now(), reason::BY_USER);
    let mut transaction = state.begin().await?;
    if !sessions::update_revoked(&mut transaction, user_id, session_id, reason, now).await? {
        return Err(ApiError::not_found("session"));
    }
    let ended =
        Revocation::record(&state, &mut transaction, user_id, vec![session_id], reason, &caller.cause())
            .await?;
    state.commit(transaction).await?;
    ended.announce(&state).await;
    Ok(Reply::no_content())
}
