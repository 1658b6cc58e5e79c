//! `session.revoked`: the sockets of the session, or of all the user's sessions, are closed.

use colink_events::users::SessionRevoked;

use crate::domain::frame::ServerFrame;
use crate::state::State;

pub(super) fn take(state: &State, event: SessionRevoked) {
    let notice = ServerFrame::SessionRevoked { reason: &event.reason }.text();
    state.hub.close_sessions(event.user_id, event.session_id, &notice);
}
