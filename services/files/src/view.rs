//! A file as clients see it.

use colink_core::id::{ChannelId, FileId, UserId, WorkspaceId};
use colink_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::file::{File, Status};
use crate::domain::media_type::Kind;

/// A file's metadata.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FileView {
    /// The file.
    id: FileId,
    /// The channel it was uploaded to.
    channel_id: ChannelId,
    /// The channel's workspace.
    workspace_id: WorkspaceId,
    /// Who uploaded it.
    uploader_id: UserId,
    /// The name it was uploaded under.
    #[schema(example = "plan.pdf")]
    filename: String,
    /// Its media type.
    #[schema(example = "application/pdf")]
    content_type: String,
    /// The kind of media, for lists.
    #[serde(rename = "type")]
    kind: Kind,
    /// In bytes.
    #[schema(example = 48213)]
    size: u64,
    /// SHA-256 of its bytes in lower-case hex, once it is uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// `pending` until the upload is confirmed.
    status: Status,
    /// When the upload was asked for.
    created_at: Timestamp,
    /// When the upload was confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed_at: Option<Timestamp>,
}

impl From<File> for FileView {
    fn from(file: File) -> Self {
        Self {
            id: file.id,
            channel_id: file.channel_id,
            workspace_id: file.workspace_id,
            uploader_id: file.uploader_id,
            kind: file.content_type.kind(),
            content_type: file.content_type.as_str().to_owned(),
            filename: file.filename,
            size: file.size,
            sha256: file.sha256,
            status: file.status,
            created_at: file.created_at,
            confirmed_at: file.confirmed_at,
        }
    }
}
