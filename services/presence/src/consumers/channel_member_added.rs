//! `channel_member.added`: sockets that follow all of the user's channels follow this one too.

use std::sync::Arc;

use colink_events::channels::ChannelMemberAdded;

use crate::domain::frame::ServerFrame;
use crate::follow::follow;
use crate::state::State;

pub(super) fn take(state: &Arc<State>, ChannelMemberAdded(member): ChannelMemberAdded) {
    let channel = member.channel_id;
    for socket in state.hub.sockets_of(member.user_id) {
        socket.push_ephemeral(ServerFrame::ChannelAdded { channel_id: channel }.text());
        if !socket.follows_later_channels() || socket.follows(channel) {
            continue;
        }
        let shared = Arc::clone(state);
        state.lifecycle.spawn_brief("follow a new channel", async move {
            if let Err(error) = follow(&shared, &socket, channel, None).await {
                tracing::info!(%channel, %error, "a new channel could not be followed; the client may subscribe");
            }
        });
    }
}
