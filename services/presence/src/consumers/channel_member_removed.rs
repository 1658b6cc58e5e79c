//! `channel_member.removed`: the user's sockets stop following at once.

use colink_events::channels::ChannelMemberRemoved;

use crate::domain::frame::ServerFrame;
use crate::state::State;

pub(super) fn take(state: &State, ChannelMemberRemoved(member): ChannelMemberRemoved) {
    let notice = ServerFrame::ChannelRemoved { channel_id: member.channel_id }.text();
    state.hub.cut(member.channel_id, member.user_id, &notice);
}
