//! The caller's own sessions.

pub(crate) mod list;
pub(crate) mod rename;
pub(crate) mod revoke;
pub(crate) mod revoke_others;

use crate::state::State;
use actix_web::web::{ServiceConfig, resource};
use colink_core::id::SessionId;
use colink_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::device::Device;
use crate::store::sessions::Session;

/// Longest name of a session, in characters.
pub(crate) const DEVICE_NAME_MAX: usize = 80;

/// One sign-in on one device.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct View {
    id: SessionId,
    /// The name that its owner gave, or else what the user agent says.
    #[schema(example = "Firefox on Linux")]
    device_name: String,
    /// The program that was last seen.
    user_agent: Option<String>,
    /// The address it was last seen from.
    #[schema(example = "203.0.113.9")]
    ip: Option<String>,
    /// Whether it is the session of this request.
    current: bool,
    /// How it began: `password`, `passkey`, `oidc`, and so on.
    #[schema(example = "password")]
    method: Option<String>,
    /// How its owner proved who he is (RFC 8176).
    #[schema(example = json!(["pwd", "otp"]))]
    amr: Vec<String>,
    created_at: Timestamp,
    /// The last use, to about a minute; after a day without any, the last login or refresh.
    last_seen_at: Timestamp,
    /// When it ends unless it is used.
    expires_at: Timestamp,
}

impl View {
    /// The session as its owner sees it from `current`.
    pub(crate) fn of(session: Session, current: SessionId) -> Self {
        let derived = || Device::of(session.user_agent.as_deref()).to_string();
        Self {
            id: session.id(),
            current: session.id() == current,
            device_name: session.device_name.clone().unwrap_or_else(derived),
            user_agent: session.user_agent,
            ip: session.ip,
            method: session.method,
            amr: session.amr,
            created_at: session.created_at.into(),
            last_seen_at: session.last_seen_at.into(),
            expires_at: session.expires_at.into(),
        }
    }
}

/// The URL table.
pub(crate) fn configure(app: &mut ServiceConfig, state: &State) {
    let once = || state.idempotency.clone();
    app.service(
        resource("/auth/sessions")
            .get(list::list_sessions)
            .delete(revoke_others::revoke_other_sessions)
            .wrap(once()),
    )
    .service(
        resource("/auth/sessions/{session_id}")
            .patch(rename::rename_session)
            .delete(revoke::revoke_session)
            .wrap(once()),
    );
}
