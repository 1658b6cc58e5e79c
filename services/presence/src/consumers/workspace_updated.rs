//! `workspace.updated`: when the workspace asks for a second factor, sockets that follow a channel of it and whose
//! session was not proven by one are closed. Their clients come back with a newer token and follow what is open to it.

use colink_events::channels::WorkspaceUpdated;

use crate::hub::close::Close;
use crate::state::State;

pub(super) fn take(state: &State, WorkspaceUpdated { workspace }: &WorkspaceUpdated) {
    if !workspace.require_mfa {
        return;
    }
    for socket in state.hub.sockets().iter().filter(|socket| !socket.has_second_factor()) {
        if !socket.followed().doubt(workspace.id).is_empty() {
            socket.close(Close::Unauthorized);
        }
    }
}
