//! `workspace.deleted`: nobody follows any of its channels any more, or is seen in it.

use std::sync::Arc;

use colink_events::channels::WorkspaceDeleted;

use crate::state::State;
use crate::visibility;

pub(super) fn take(state: &Arc<State>, event: &WorkspaceDeleted) {
    let workspace = event.workspace.id;
    let sockets = state.hub.sockets();
    let cut = sockets.iter().filter(|socket| state.hub.cut_workspace(workspace, socket));
    let users: Vec<_> = cut.map(|socket| socket.user_id()).collect();
    let shared = Arc::clone(state);
    state.lifecycle.spawn_brief("hide the members of a workspace", async move {
        for user in users {
            visibility::hide(&shared, user, workspace).await;
        }
    });
}
