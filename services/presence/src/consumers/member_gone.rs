//! `member.left`, `member.removed`: outside the workspace none of its channels is to be seen, public ones included, nor
//! is the user by those who are still in it.

use std::sync::Arc;

use colink_events::channels::{MemberLeft, MemberPayload, MemberRemoved};

use crate::state::State;
use crate::visibility;

pub(super) fn take_left(state: &Arc<State>, MemberLeft(member): MemberLeft) {
    cut(state, &member);
}

pub(super) fn take_removed(state: &Arc<State>, MemberRemoved(member): MemberRemoved) {
    cut(state, &member);
}

fn cut(state: &Arc<State>, member: &MemberPayload) {
    let (user, workspace) = (member.user_id, member.workspace_id);
    for socket in state.hub.sockets_of(user) {
        state.hub.cut_workspace(workspace, &socket);
    }
    // Also without a socket here: the user may be in the grace after his last one.
    let shared = Arc::clone(state);
    state.lifecycle.spawn_brief("hide a member who is gone", async move {
        visibility::hide(&shared, user, workspace).await;
    });
}
