//! Channels and direct conversations come and change, and who passed their doors as a realm admin.

use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::role::ChannelKind;
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::event;

/// A channel as it stands after the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelPayload {
    /// The channel.
    pub id: ChannelId,
    /// Its workspace.
    pub workspace_id: WorkspaceId,
    /// What sort it is.
    pub kind: ChannelKind,
    /// Its name.
    pub name: String,
    /// Its name's unique form in the workspace.
    pub slug: String,
    /// What it is about at the moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// It is read-only.
    pub archived: bool,
    /// Who created it.
    pub created_by: UserId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts the channel's changes.
    pub version: i64,
}

/// A channel was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelCreated {
    /// The channel.
    pub channel: ChannelPayload,
}

event!(ChannelCreated = Channels "channel.created" v 1;
    |e| e.channel.id, |e: &Self| Some(e.channel.workspace_id));

/// A channel's name, topic, description or kind changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelUpdated {
    /// The channel.
    pub channel: ChannelPayload,
}

event!(ChannelUpdated = Channels "channel.updated" v 1;
    |e| e.channel.id, |e: &Self| Some(e.channel.workspace_id));

/// A channel became read-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelArchived {
    /// The channel.
    pub channel: ChannelPayload,
}

event!(ChannelArchived = Channels "channel.archived" v 1;
    |e| e.channel.id, |e: &Self| Some(e.channel.workspace_id));

/// A channel became writable again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelUnarchived {
    /// The channel.
    pub channel: ChannelPayload,
}

event!(ChannelUnarchived = Channels "channel.unarchived" v 1;
    |e| e.channel.id, |e: &Self| Some(e.channel.workspace_id));

/// A direct conversation was begun. Its members follow, one `channel_member.added` each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DmCreated {
    /// The conversation.
    pub channel_id: ChannelId,
    /// Its workspace.
    pub workspace_id: WorkspaceId,
    /// Everybody in it, whoever began it too.
    pub participant_ids: Vec<UserId>,
    /// Who began it.
    pub created_by: UserId,
    /// When.
    pub at: Timestamp,
}

event!(DmCreated = Channels "dm.created" v 1;
    |e| e.channel_id, |e: &Self| Some(e.workspace_id));

/// A realm admin did something without the membership that others need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessBypassed {
    /// The workspace it was in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// The channel it was in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<ChannelId>,
    /// What he did: the word of a `colink_core::permission::Action`.
    pub action: String,
    /// Who.
    pub user_id: UserId,
    /// When.
    pub at: Timestamp,
}

event!(AccessBypassed = Channels "access.bypassed" v 1;
    |e| e.user_id, |e: &Self| e.workspace_id);
