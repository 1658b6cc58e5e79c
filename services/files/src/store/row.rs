//! The document of a file.

use bson::DateTime as Moment;
use colink_core::id::{ChannelId, FileId, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};

use super::{moment, timestamp};
use crate::domain::file::{File, RefusedBytes, Status};
use crate::domain::media_type::MediaType;

/// Fields that only queries use (`deleted_at`, `remove_at`, `pending_events`, `relay_*`) are not read back.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FileRow {
    #[serde(rename = "_id")]
    id: FileId,
    channel_id: ChannelId,
    workspace_id: WorkspaceId,
    uploader_id: UserId,
    filename: String,
    /// The name in lower case, to order by.
    name_key: String,
    content_type: String,
    kind: String,
    size: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<RefusedBytes>,
    created_at: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmed_at: Option<Moment>,
}

impl From<&File> for FileRow {
    fn from(file: &File) -> Self {
        Self {
            id: file.id,
            channel_id: file.channel_id,
            workspace_id: file.workspace_id,
            uploader_id: file.uploader_id,
            filename: file.filename.clone(),
            name_key: file.filename.to_lowercase(),
            content_type: file.content_type.as_str().to_owned(),
            kind: file.content_type.kind().as_str().to_owned(),
            size: i64::try_from(file.size).unwrap_or(i64::MAX),
            sha256: file.sha256.clone(),
            status: file.status,
            etag: file.etag.clone(),
            refused: file.refused.clone(),
            created_at: moment(file.created_at),
            confirmed_at: file.confirmed_at.map(moment),
        }
    }
}

impl From<FileRow> for File {
    fn from(row: FileRow) -> Self {
        Self {
            id: row.id,
            channel_id: row.channel_id,
            workspace_id: row.workspace_id,
            uploader_id: row.uploader_id,
            filename: row.filename,
            content_type: MediaType::from_stored(row.content_type),
            size: u64::try_from(row.size).unwrap_or(0),
            sha256: row.sha256,
            status: row.status,
            etag: row.etag,
            refused: row.refused,
            created_at: timestamp(row.created_at),
            confirmed_at: row.confirmed_at.map(timestamp),
        }
    }
}
