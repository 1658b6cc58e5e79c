//! What a result looks like.

use colink_core::id::{ChannelId, FileId, MessageId, UserId, WorkspaceId};
use colink_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::highlight::highlight;
use crate::domain::phrase::Phrase;
use crate::store::files::FoundFile;
use crate::store::messages::FoundMessage;

/// Where it was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HitChannel)]
pub(crate) struct ChannelView {
    /// The channel.
    id: ChannelId,
    /// Its name; null for a direct conversation.
    #[schema(example = "general")]
    name: Option<String>,
    /// `public`, `private` or `dm`; null while it is not known.
    #[schema(example = "public")]
    kind: Option<String>,
}

/// Who wrote or uploaded it, as he is called now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HitPerson)]
pub(crate) struct PersonView {
    /// The user.
    id: UserId,
    /// The name he is mentioned by; null while it is not known.
    #[schema(example = "ada")]
    username: Option<String>,
    /// The name he is shown by.
    #[schema(example = "Ada Lovelace")]
    display_name: Option<String>,
    /// His picture.
    avatar_url: Option<String>,
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageHit {
    /// The message.
    id: MessageId,
    /// Its channel.
    channel_id: ChannelId,
    /// Its channel with its name.
    channel: ChannelView,
    /// The channel's workspace.
    workspace_id: WorkspaceId,
    /// The number of its last change in the channel's log.
    seq: i64,
    /// The root of the thread, for a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<MessageId>,
    /// Who wrote it.
    author: PersonView,
    /// What it says, in Markdown as written.
    content: String,
    /// The part around the first match as HTML: escaped, with `<mark>` around matches.
    #[schema(example = "the <mark>engine</mark> runs")]
    highlight: String,
    /// The files it shows.
    file_ids: Vec<FileId>,
    /// When it was last edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<Timestamp>,
    /// When it was written.
    created_at: Timestamp,
}

/// A file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileHit {
    /// The file.
    id: FileId,
    /// Its channel.
    channel_id: ChannelId,
    /// Its channel with its name.
    channel: ChannelView,
    /// The channel's workspace.
    workspace_id: WorkspaceId,
    /// Who uploaded it.
    author: PersonView,
    /// Its name.
    #[schema(example = "report.pdf")]
    filename: String,
    /// Its media type.
    #[schema(example = "application/pdf")]
    content_type: String,
    /// Its size in bytes.
    size: i64,
    /// Its name as HTML: escaped, with `<mark>` around matches.
    #[schema(example = "<mark>report</mark>.pdf")]
    highlight: String,
    /// When it was uploaded.
    created_at: Timestamp,
}

/// One result; `type` says what it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Hit {
    /// With `tab=messages`.
    Message(MessageHit),
    /// With `tab=files`.
    File(FileHit),
}

impl Hit {
    /// A message with its matches marked.
    pub(crate) fn message(row: FoundMessage, phrases: &[Phrase]) -> Self {
        let channel_id = ChannelId::from_uuid(row.channel_id);
        Self::Message(MessageHit {
            id: row.message_id.into(),
            channel_id,
            channel: ChannelView { id: channel_id, name: row.channel_name, kind: row.channel_kind },
            workspace_id: row.workspace_id.into(),
            seq: row.seq,
            thread_id: row.thread_id.map(MessageId::from),
            author: PersonView {
                id: row.author_id.into(),
                username: row.username,
                display_name: row.display_name,
                avatar_url: row.avatar_url,
            },
            highlight: highlight(&row.content, phrases),
            content: row.content,
            file_ids: row.file_ids.into_iter().map(FileId::from).collect(),
            edited_at: row.edited_at.map(Timestamp::from),
            created_at: row.created_at.into(),
        })
    }

    /// A file with its matches marked.
    pub(crate) fn file(row: FoundFile, phrases: &[Phrase]) -> Self {
        let channel_id = ChannelId::from_uuid(row.channel_id);
        Self::File(FileHit {
            id: row.file_id.into(),
            channel_id,
            channel: ChannelView { id: channel_id, name: row.channel_name, kind: row.channel_kind },
            workspace_id: row.workspace_id.into(),
            author: PersonView {
                id: row.uploader_id.into(),
                username: row.username,
                display_name: row.display_name,
                avatar_url: row.avatar_url,
            },
            highlight: highlight(&row.filename, phrases),
            filename: row.filename,
            content_type: row.content_type,
            size: row.size,
            created_at: row.created_at.into(),
        })
    }
}
