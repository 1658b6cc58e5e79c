//! `session.downgraded`: what opened the session's sockets says more than it may do now. They are closed, and the client
//! comes back with a new token, if that still opens one.

use colink_events::users::SessionDowngraded;

use crate::state::State;

pub(super) fn take(state: &State, event: &SessionDowngraded) {
    // Before those in the hub are closed: a socket that comes in between looks for itself here when it is in the hub.
    state.outdated.note(event.session_id, event.at);
    state.hub.close_outdated(event.user_id, event.session_id);
}
