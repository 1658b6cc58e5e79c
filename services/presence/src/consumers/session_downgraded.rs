//! `session.downgraded`: what opened the session's sockets says more than it may do now. They are closed, and the client
//! comes back with a new token, if that still opens one.

use colink_events::users::SessionDowngraded;

use crate::state::State;

pub(super) fn take(state: &State, event: &SessionDowngraded) {
    state.hub.close_outdated(event.user_id, event.session_id);
}
