//! `user.erased`: every socket of the user is closed. Where he was seen goes with his devices; no name is kept here.

use colink_events::users::UserErased;

use crate::domain::frame::ServerFrame;
use crate::state::State;

pub(super) fn take(state: &State, event: UserErased) {
    let notice = ServerFrame::SessionRevoked { reason: "account_erased" }.text();
    state.hub.close_sessions(event.user_id, None, &notice);
}
