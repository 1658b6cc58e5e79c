//! Where a user is seen: in the workspaces whose channels his sockets follow, until he is in them no more.

use colink_core::id::{UserId, WorkspaceId};
use colink_core::permission::Scope;

use crate::domain::status::Status;
use crate::hub::socket::Socket;
use crate::state::State;
use crate::store::ephemera::Notice;

/// Shows the user in the workspaces of what his socket follows, if its token may do so.
pub async fn show(state: &State, socket: &Socket) {
    if !socket.scopes().contains(Scope::PresenceWrite) {
        return;
    }
    let user_id = socket.user_id();
    let workspaces = socket.followed().workspaces();
    match state.devices.show_in(user_id, &workspaces).await {
        Ok(Some(seen)) => {
            let notice = Notice::Presence { user_id, status: seen.status, workspaces: seen.workspaces };
            state.tell(notice).await;
        }
        Ok(None) => return,
        Err(error) => return state.metrics.redis_failed(&error),
    }
    // Whoever was cut off while this was written was taken out before he was put in.
    let left = socket.followed().workspaces();
    for workspace in workspaces.into_iter().filter(|workspace| !left.contains(workspace)) {
        hide(state, user_id, workspace).await;
    }
}

/// Hides the user from a workspace that he is not in any more. Every node does so; the one that was first tells.
pub async fn hide(state: &State, user_id: UserId, workspace: WorkspaceId) {
    let seen = match state.devices.hide_from(user_id, workspace).await {
        Ok(Some(seen)) => seen,
        Ok(None) => return,
        Err(error) => return state.metrics.redis_failed(&error),
    };
    state.tell(Notice::Presence { user_id, status: Status::Offline, workspaces: vec![workspace] }).await;
    // Some of those who were told share another workspace with him.
    if seen.status != Status::Offline && !seen.workspaces.is_empty() {
        state.tell(Notice::Presence { user_id, status: seen.status, workspaces: seen.workspaces }).await;
    }
}
