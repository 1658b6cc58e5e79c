//! `GET /auth/sessions`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::SessionId;
use colink_core::page::CursorPage;
use colink_core::time::Timestamp;
use colink_http::{ApiResult, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::State;
use crate::store::sessions::{self, Session};

/// One sign-in on one device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct View {
    id: SessionId,
    /// The name given at login.
    #[schema(example = "Laptop")]
    device_name: Option<String>,
    /// The program that was last seen.
    user_agent: Option<String>,
    /// The address it was last seen from.
    #[schema(example = "203.0.113.9")]
    ip: Option<String>,
    /// Whether it is the session of this request.
    current: bool,
    created_at: Timestamp,
    /// The last login or refresh.
    last_seen_at: Timestamp,
    /// When it ends unless it is used.
    expires_at: Timestamp,
}

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
    let sessions = sessions::list(&state.pool, caller.user_id(), state.clock.now()).await?;
    let items = sessions.into_iter().map(|session| view(session, caller.session_id())).collect();
    Ok(Reply::ok(CursorPage { items, next_cursor: None }))
}

fn view(session: Session, current: SessionId) -> View {
    View {
        id: session.id(),
        current: session.id() == current,
        device_name: session.device_name,
        user_agent: session.user_agent,
        ip: session.ip,
        created_at: session.created_at.into(),
        last_seen_at: session.last_seen_at.into(),
        expires_at: session.expires_at.into(),
    }
}
