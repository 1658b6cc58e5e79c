//! `DELETE /auth/sessions`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_http::{ApiResult, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::revocation::{Revocation, reason};
use crate::state::State;
use crate::store::sessions;

/// How many sessions were ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EndedSessions)]
pub(crate) struct Revoked {
    #[schema(example = 2)]
    revoked: usize,
}

/// End all my other sessions
#[utoipa::path(
    delete,
    path = "/auth/sessions",
    operation_id = "revoke_other_sessions",
    tag = "sessions",
    responses((status = 200, description = "All but this one were ended.", body = Success<Revoked>))
)]
pub(crate) async fn revoke_other_sessions(state: Data<State>, caller: Caller) -> ApiResult<Reply<Revoked>> {
    let (user_id, kept, reason) = (caller.user_id(), caller.session_id(), reason::BY_USER);
    let mut transaction = state.begin().await?;
    let now = state.clock.now();
    let others = sessions::update_others_revoked(&mut transaction, user_id, kept, reason, now).await?;
    let revoked = others.len();
    let ended =
        Revocation::record(&state, &mut transaction, user_id, others, reason, &caller.cause()).await?;
    state.commit(transaction).await?;
    ended.announce(&state).await;
    Ok(Reply::ok(Revoked { revoked }))
}
