//! `user.deactivated`: every socket of the user is closed.

use colink_events::users::UserDeactivated;

use crate::domain::frame::ServerFrame;
use crate::state::State;

pub(super) fn take(state: &State, event: UserDeactivated) {
    let notice = ServerFrame::SessionRevoked { reason: "account_deactivated" }.text();
    state.hub.close_sessions(event.user_id, None, &notice);
}
