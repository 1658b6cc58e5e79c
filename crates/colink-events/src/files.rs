//! `colink.files`: files that are in place, were looked at, and went. The key is the file.

use colink_core::id::{ChannelId, FileId, UserId, WorkspaceId};
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::event;

/// A file whose upload was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePayload {
    /// The file.
    pub id: FileId,
    /// The channel it was uploaded to.
    pub channel_id: ChannelId,
    /// The channel's workspace.
    pub workspace_id: WorkspaceId,
    /// Who uploaded it.
    pub uploader_id: UserId,
    /// The name it was uploaded under.
    pub filename: String,
    /// Its media type, as its first bytes say.
    pub content_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
    /// When the upload was asked for.
    pub created_at: Timestamp,
}

/// A file is in place; it can be fetched once it was scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileUploaded {
    /// The file.
    pub file: FilePayload,
}

event!(FileUploaded = Files "file.uploaded" v 1 mirrored true;
    |e| e.file.id, |e: &Self| Some(e.file.workspace_id));

/// What a scan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanStatus {
    /// Nothing; the file may be fetched.
    Clean,
    /// Malware; the file stays closed.
    Infected,
    /// It could not be scanned; the file stays closed.
    Failed,
}

/// A file was scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileScanned {
    /// The file.
    pub file_id: FileId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// The channel's workspace.
    pub workspace_id: WorkspaceId,
    /// What was found.
    pub status: ScanStatus,
    /// When.
    pub at: Timestamp,
}

event!(FileScanned = Files "file.scanned" v 1;
    |e| e.file_id, |e: &Self| Some(e.workspace_id));

/// A file was deleted: it can no longer be fetched, and its bytes go soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDeleted {
    /// The file.
    pub file_id: FileId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// The channel's workspace.
    pub workspace_id: WorkspaceId,
    /// Who deleted it; none for a job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<UserId>,
    /// When.
    pub at: Timestamp,
}

event!(FileDeleted = Files "file.deleted" v 1;
    |e| e.file_id, |e: &Self| Some(e.workspace_id));
