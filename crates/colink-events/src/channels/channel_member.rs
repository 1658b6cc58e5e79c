//! Who is in a channel.

use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::role::{ChannelKind, ChannelRole};
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::event;

/// A membership as it stands after the event; after its end, the role it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelMemberPayload {
    /// The channel.
    pub channel_id: ChannelId,
    /// Its workspace.
    pub workspace_id: WorkspaceId,
    /// What sort of channel it is.
    pub kind: ChannelKind,
    /// The member.
    pub user_id: UserId,
    /// His role.
    pub role: ChannelRole,
    /// Counts the membership's changes, through its end and return.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// Who did it, when it was not the member himself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
}

/// A user became a member of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelMemberAdded(pub ChannelMemberPayload);

event!(ChannelMemberAdded = Channels "channel_member.added" v 1;
    |e| e.0.channel_id, |e: &Self| Some(e.0.workspace_id));

/// A member left or was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelMemberRemoved(pub ChannelMemberPayload);

event!(ChannelMemberRemoved = Channels "channel_member.removed" v 1;
    |e| e.0.channel_id, |e: &Self| Some(e.0.workspace_id));

/// A member was given another role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelMemberRoleChanged(pub ChannelMemberPayload);

event!(ChannelMemberRoleChanged = Channels "channel_member.role_changed" v 1;
    |e| e.0.channel_id, |e: &Self| Some(e.0.workspace_id));
