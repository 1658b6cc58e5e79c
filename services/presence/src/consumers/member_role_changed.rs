//! `member.role_changed`: a guest may not read the public channels that a member may, so the rights to what the
//! user follows in the workspace are asked for again.

use std::sync::Arc;

use colink_events::channels::MemberRoleChanged;

use crate::rights;
use crate::state::State;

pub(super) fn take(state: &Arc<State>, MemberRoleChanged(member): MemberRoleChanged) {
    for socket in state.hub.sockets_of(member.user_id) {
        let doubtful = socket.followed().doubt(member.workspace_id);
        let confirmed = rights::confirm(Arc::clone(state), socket, doubtful);
        state.lifecycle.spawn_brief("ask for rights again", confirmed);
    }
}
