//! `channel_member.removed`: the user's sockets stop following at once.

use colink_events::channels::ChannelMemberRemoved;

use crate::state::State;

pub(super) fn take(state: &State, ChannelMemberRemoved(member): ChannelMemberRemoved) {
    state.hub.cut(member.channel_id, member.user_id);
}
