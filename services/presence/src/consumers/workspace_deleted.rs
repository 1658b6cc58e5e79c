//! `workspace.deleted`: nobody follows any of its channels any more.

use colink_events::channels::WorkspaceDeleted;

use crate::domain::frame::ServerFrame;
use crate::state::State;

pub(super) fn take(state: &State, event: &WorkspaceDeleted) {
    let notice = |channel_id| ServerFrame::ChannelRemoved { channel_id }.text();
    for socket in state.hub.sockets() {
        if socket.is_in(event.workspace.id) {
            state.hub.cut_workspace(event.workspace.id, socket.user_id(), notice);
        }
    }
}
