//! `GET /auth/sessions`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::page::CursorPage;
use colink_http::{ApiResult, Reply, Success};

use super::View;
use crate::state::State;
use crate::store::sessions::{self, Session};

/// List my sessions
///
/// Newest first; there are never more than ten, so there is one page.
#[utoipa::path(
    get,
    path = "/auth/sessions",
    operation_id = "list_sessions",
    tag = "sessions",
    responses((status = 200, description = "The open sessions.", body = Success<CursorPage<View>>))
)]
pub(crate) async fn list_sessions(state: Data<State>, caller: Caller) -> ApiResult<Reply<CursorPage<View>>> {
    let mut sessions = sessions::list(&state.pool, caller.user_id(), state.clock.now()).await?;
    note_uses(&state, &mut sessions).await;
    let items = sessions.into_iter().map(|session| View::of(session, caller.session_id())).collect();
    Ok(Reply::ok(CursorPage { items, next_cursor: None }))
}

/// The database knows of logins and refreshes, the verifiers' notes of everything since. Without them the list is
/// still right to a quarter of an hour.
async fn note_uses(state: &State, sessions: &mut [Session]) {
    let ids: Vec<_> = sessions.iter().map(Session::id).collect();
    match state.revocations.last_seen(&ids).await {
        Ok(seen) => {
            for (session, seen_at) in sessions.iter_mut().zip(seen) {
                session.last_seen_at =
                    seen_at.map_or(session.last_seen_at, |at| at.max(session.last_seen_at));
            }
        }
        Err(error) => {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the last uses of sessions are not known"
            );
        }
    }
}
