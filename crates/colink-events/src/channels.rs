//! `colink.channels`: workspaces, channels and who is in them.
//!
//! The key is the workspace for `workspace.*` and `member.*`, and the channel for `channel.*`,
//! `channel_member.*` and `dm.created`. Two keys are in no order, so a projection guards every row by
//! `version`: a counter per workspace, channel or membership that only grows, through removal and return
//! too. An event whose version is not above the row's is passed over.

mod channel;
mod channel_member;
mod member;
mod workspace;

pub use channel::{
    AccessBypassed, ChannelArchived, ChannelCreated, ChannelPayload, ChannelUnarchived, ChannelUpdated,
    DmCreated,
};
pub use channel_member::{
    ChannelMemberAdded, ChannelMemberPayload, ChannelMemberRemoved, ChannelMemberRoleChanged,
};
pub use member::{MemberInvited, MemberJoined, MemberLeft, MemberPayload, MemberRemoved, MemberRoleChanged};
pub use workspace::{WorkspaceCreated, WorkspaceDeleted, WorkspacePayload, WorkspaceUpdated};
