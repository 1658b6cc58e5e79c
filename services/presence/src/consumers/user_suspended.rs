//! `user.suspended`: every socket of the user is closed.

use colink_events::users::UserSuspended;

use crate::domain::frame::ServerFrame;
use crate::state::State;

pub(super) fn take(state: &State, event: UserSuspended) {
    let notice = ServerFrame::SessionRevoked { reason: "account_suspended" }.text();
    state.hub.close_sessions(event.user_id, None, &notice);
}
