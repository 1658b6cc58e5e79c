//! `colink.messages`: what is seen in a channel. The key is the channel, and every event carries the
//! next number of that channel's log: a consumer that holds `seq = n` and reads `n + 1` has missed nothing,
//! and one that has seen a `seq` passes over it when it comes again.

use colink_core::id::{ChannelId, FileId, GroupId, MessageId, ReactionId, UserId, WorkspaceId};
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::event;

/// Who wrote a message, as shown at the time of the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The user.
    pub id: UserId,
    /// The name he is mentioned by.
    pub username: String,
    /// The name he is shown by.
    pub display_name: String,
    /// His picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// Whether it is a program.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bot: bool,
}

/// Whom a message calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mention {
    /// One user.
    User {
        /// The user.
        user_id: UserId,
    },
    /// The members of a custom group.
    Group {
        /// The group.
        group_id: GroupId,
    },
    /// Every member of the channel.
    Channel,
    /// Every member of the channel who is online.
    Here,
    /// A kind that this build does not know yet.
    #[serde(other)]
    Unknown,
}

/// A message as it stands after the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePayload {
    /// The message.
    pub id: MessageId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// The channel's workspace.
    pub workspace_id: WorkspaceId,
    /// This event's number in the channel's log.
    pub seq: i64,
    /// The root of the thread, for a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<MessageId>,
    /// Who wrote it.
    pub author: Author,
    /// What it says, in Markdown as written.
    pub content: String,
    /// The same as sanitised HTML.
    pub content_html: String,
    /// The sender's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<String>,
    /// The files it shows.
    pub file_ids: Vec<FileId>,
    /// Whom it calls.
    pub mentions: Vec<Mention>,
    /// When it was last edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// When it was written.
    pub created_at: Timestamp,
}

/// A message was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageCreated(pub MessagePayload);

event!(MessageCreated = Messages "message.created" v 1 mirrored true;
    |e| e.0.channel_id, |e: &Self| Some(e.0.workspace_id), seq Some(e.0.seq));

/// A message was edited, or its files or mentions changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageUpdated(pub MessagePayload);

event!(MessageUpdated = Messages "message.updated" v 1 mirrored true;
    |e| e.0.channel_id, |e: &Self| Some(e.0.workspace_id), seq Some(e.0.seq));

/// A message was deleted; its content is no longer shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageDeleted {
    /// The message.
    pub id: MessageId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// The channel's workspace.
    pub workspace_id: WorkspaceId,
    /// This event's number in the channel's log.
    pub seq: i64,
    /// The root of the thread, for a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<MessageId>,
    /// Who deleted it.
    pub deleted_by: UserId,
    /// When.
    pub deleted_at: Timestamp,
    /// Who had written it.
    pub author_id: UserId,
}

event!(MessageDeleted = Messages "message.deleted" v 1 mirrored true;
    |e| e.channel_id, |e: &Self| Some(e.workspace_id), seq Some(e.seq));

/// A reaction as it stands after the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionPayload {
    /// The reaction.
    pub id: ReactionId,
    /// The message.
    pub message_id: MessageId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// The channel's workspace.
    pub workspace_id: WorkspaceId,
    /// This event's number in the channel's log.
    pub seq: i64,
    /// The emoji, fully qualified Unicode or the shortcode of a custom one.
    pub emoji: String,
    /// Who reacts.
    pub user_id: UserId,
    /// Users who now react to the message with this emoji.
    pub count: i64,
    /// When.
    pub at: Timestamp,
}

/// A user reacted to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReactionAdded(pub ReactionPayload);

event!(ReactionAdded = Messages "reaction.added" v 1 mirrored true;
    |e| e.0.channel_id, |e: &Self| Some(e.0.workspace_id), seq Some(e.0.seq));

/// A user took a reaction back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReactionRemoved(pub ReactionPayload);

event!(ReactionRemoved = Messages "reaction.removed" v 1 mirrored true;
    |e| e.0.channel_id, |e: &Self| Some(e.0.workspace_id), seq Some(e.0.seq));

/// A thread's summary changed: a reply came or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadUpdated {
    /// The message the thread hangs on.
    pub root_id: MessageId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// The channel's workspace.
    pub workspace_id: WorkspaceId,
    /// This event's number in the channel's log.
    pub seq: i64,
    /// Replies that are not deleted.
    pub reply_count: i64,
    /// When the newest of them was written; none when there is none left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_reply_at: Option<Timestamp>,
    /// Up to ten users who replied.
    pub participants: Vec<UserId>,
    /// The newest reply; none when there is none left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_reply_id: Option<MessageId>,
}

event!(ThreadUpdated = Messages "thread.updated" v 1;
    |e| e.channel_id, |e: &Self| Some(e.workspace_id), seq Some(e.seq));

/// A pin that was set or taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinPayload {
    /// The message.
    pub message_id: MessageId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// The channel's workspace.
    pub workspace_id: WorkspaceId,
    /// This event's number in the channel's log.
    pub seq: i64,
    /// Who did it.
    pub user_id: UserId,
    /// When.
    pub at: Timestamp,
}

/// A message was pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PinAdded(pub PinPayload);

event!(PinAdded = Messages "pin.added" v 1;
    |e| e.0.channel_id, |e: &Self| Some(e.0.workspace_id), seq Some(e.0.seq));

/// A message was unpinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PinRemoved(pub PinPayload);

event!(PinRemoved = Messages "pin.removed" v 1;
    |e| e.0.channel_id, |e: &Self| Some(e.0.workspace_id), seq Some(e.0.seq));
