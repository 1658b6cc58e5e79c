//! A message as the API shows it.

use colink_core::id::{ChannelId, FileId, MessageId, UserId, WorkspaceId};
use colink_core::time::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::store::history::Shown;

/// Who wrote a message.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents JSON that the database hands out finished")]
pub(crate) struct AuthorView {
    /// The user.
    id: UserId,
    /// The name he is mentioned by.
    #[schema(example = "ada")]
    username: String,
    /// The name he is shown by.
    #[schema(example = "Ada Lovelace")]
    display_name: String,
    /// His picture; absent when he has none.
    avatar_url: Option<String>,
    /// True for a program; absent for a person.
    bot: Option<bool>,
}

/// Whom a message calls: `{"kind":"user","user_id":…}`, `{"kind":"channel"}` or `{"kind":"here"}`.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents JSON that the database hands out finished")]
pub(crate) struct MentionView {
    /// `user`, `channel` or `here`.
    #[schema(example = "user")]
    kind: String,
    /// The user, for `user`.
    user_id: Option<UserId>,
}

/// The reactions to a message with one emoji.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents JSON that the database hands out finished")]
pub(crate) struct ReactionGroup {
    /// The emoji.
    #[schema(example = "👍")]
    emoji: String,
    /// How many users reacted with it.
    #[schema(example = 3)]
    count: i64,
    /// Whether the caller is one of them.
    me: bool,
    /// The first ten of them.
    user_ids: Vec<UserId>,
}

/// The thread that hangs on a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThreadView {
    /// Replies that are not deleted.
    #[schema(example = 2)]
    pub(crate) reply_count: i32,
    /// When the newest of them was written.
    pub(crate) last_reply_at: Option<Timestamp>,
    /// The first ten who replied.
    pub(crate) participants: Vec<UserId>,
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageView {
    /// The message.
    pub(crate) id: MessageId,
    /// Its channel.
    pub(crate) channel_id: ChannelId,
    /// The channel's workspace.
    pub(crate) workspace_id: WorkspaceId,
    /// Its place in the channel: the number of the event that made it.
    #[schema(example = 42)]
    pub(crate) seq: i64,
    /// The first message of the thread, for a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) thread_id: Option<MessageId>,
    /// Who wrote it.
    #[schema(value_type = AuthorView)]
    pub(crate) author: Box<RawValue>,
    /// What it says, in Markdown as written; empty when it was deleted.
    #[schema(example = "Shipped in **v2**")]
    pub(crate) content: String,
    /// The same as sanitised HTML.
    #[schema(example = "<p>Shipped in <strong>v2</strong></p>")]
    pub(crate) content_html: String,
    /// The sender's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_msg_id: Option<String>,
    /// The files it shows.
    pub(crate) file_ids: Vec<FileId>,
    /// Whom it calls.
    #[schema(value_type = Vec<MentionView>)]
    pub(crate) mentions: Box<RawValue>,
    /// The reactions to it, the first emoji first.
    #[schema(value_type = Vec<ReactionGroup>)]
    pub(crate) reactions: Box<RawValue>,
    /// The thread that hangs on it, once there is a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) thread: Option<ThreadView>,
    /// Whether it is pinned in the channel.
    pub(crate) pinned: bool,
    /// When it was last edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) edited_at: Option<Timestamp>,
    /// When it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deleted_at: Option<Timestamp>,
    /// When it was written.
    pub(crate) created_at: Timestamp,
}

/// JSON that is finished already.
///
/// # Errors
/// When the text is no JSON.
pub(crate) fn raw(json: impl Into<String>) -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(json.into())
}

impl TryFrom<Shown> for MessageView {
    type Error = serde_json::Error;

    fn try_from(row: Shown) -> Result<Self, Self::Error> {
        let thread = (row.reply_count > 0).then(|| ThreadView {
            reply_count: row.reply_count,
            last_reply_at: row.last_reply_at.map(Timestamp::from),
            participants: row.participants.into_iter().map(UserId::from).collect(),
        });
        Ok(Self {
            id: row.id.into(),
            channel_id: row.channel_id.into(),
            workspace_id: row.workspace_id.into(),
            seq: row.seq,
            thread_id: row.thread_id.map(MessageId::from),
            author: raw(row.author)?,
            content: row.content,
            content_html: row.content_html,
            client_msg_id: row.client_msg_id,
            file_ids: row.file_ids.into_iter().map(FileId::from).collect(),
            mentions: raw(row.mentions)?,
            reactions: raw(row.reactions.unwrap_or_else(|| "[]".to_owned()))?,
            thread,
            pinned: row.pinned_at.is_some(),
            edited_at: row.edited_at.map(Timestamp::from),
            deleted_at: row.deleted_at.map(Timestamp::from),
            created_at: row.created_at.into(),
        })
    }
}

/// Many messages.
///
/// # Errors
/// When a stored JSON text is none.
pub(crate) fn messages(rows: Vec<Shown>) -> Result<Vec<MessageView>, serde_json::Error> {
    rows.into_iter().map(MessageView::try_from).collect()
}
