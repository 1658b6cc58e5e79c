//! `member.left`, `member.removed`: outside the workspace none of its channels is to be seen, public ones included.

use colink_events::channels::{MemberLeft, MemberPayload, MemberRemoved};

use crate::domain::frame::ServerFrame;
use crate::state::State;

pub(super) fn take_left(state: &State, MemberLeft(member): MemberLeft) {
    cut(state, &member);
}

pub(super) fn take_removed(state: &State, MemberRemoved(member): MemberRemoved) {
    cut(state, &member);
}

fn cut(state: &State, member: &MemberPayload) {
    let notice = |channel_id| ServerFrame::ChannelRemoved { channel_id }.text();
    state.hub.cut_workspace(member.workspace_id, member.user_id, notice);
}
