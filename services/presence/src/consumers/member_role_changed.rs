//! `member.role_changed`: a guest may not read the public channels that a member may, so the rights to what the
//! user follows in the workspace are asked for again.

use std::sync::Arc;

use colink_core::error::ErrorKind;
use colink_core::id::{ChannelId, WorkspaceId};
use colink_events::channels::MemberRoleChanged;

use crate::domain::frame::ServerFrame;
use crate::follow::may_follow;
use crate::hub::socket::Socket;
use crate::state::State;

pub(super) fn take(state: &Arc<State>, MemberRoleChanged(member): MemberRoleChanged) {
    for socket in state.hub.sockets_of(member.user_id) {
        let shared = Arc::clone(state);
        state.lifecycle.spawn_brief("ask for rights again", async move {
            for channel in followed_in(&socket, member.workspace_id) {
                check(&shared, &socket, channel).await;
            }
        });
    }
}

fn followed_in(socket: &Socket, workspace: WorkspaceId) -> Vec<ChannelId> {
    socket.channels().into_iter().filter(|channel| socket.workspace_of(*channel) == Some(workspace)).collect()
}

/// While channels does not answer, the right stays as it was: the next change asks again.
async fn check(state: &State, socket: &Socket, channel: ChannelId) {
    if let Err(error) = may_follow(state, socket, channel).await
        && matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::NotFound)
    {
        state.hub.cut(channel, socket.user_id(), &ServerFrame::ChannelRemoved { channel_id: channel }.text());
    }
}
