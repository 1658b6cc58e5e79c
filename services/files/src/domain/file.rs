//! A file and its life: `pending` → `uploaded` → `deleted`, or `pending` → `expired`.

use std::time::Duration;

use colink_core::id::{ChannelId, FileId, UserId, WorkspaceId};
use colink_core::time::Timestamp;
use colink_events::files::{FilePayload, FileUploaded};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::media_type::MediaType;

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FileStatus)]
pub(crate) enum Status {
    /// An upload URL was given out.
    Pending,
    /// The bytes are there and were checked.
    Uploaded,
    /// Somebody deleted it.
    Deleted,
    /// Nobody confirmed it in time.
    Expired,
}

impl Status {
    /// The word in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Uploaded => "uploaded",
            Self::Deleted => "deleted",
            Self::Expired => "expired",
        }
    }
}

/// A file's metadata.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) id: FileId,
    pub(crate) channel_id: ChannelId,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) uploader_id: UserId,
    pub(crate) filename: String,
    pub(crate) content_type: MediaType,
    pub(crate) size: u64,
    /// What the client says until the upload is confirmed, then what it is.
    pub(crate) sha256: Option<String>,
    pub(crate) status: Status,
    /// The storage's version of the object with the confirmed bytes.
    pub(crate) etag: Option<String>,
    /// The bytes that were refused last, while the upload is pending.
    pub(crate) refused: Option<RefusedBytes>,
    pub(crate) created_at: Timestamp,
    pub(crate) confirmed_at: Option<Timestamp>,
}

/// Bytes of the agreed size that were read and refused. They are not read again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RefusedBytes {
    /// The storage's version of them.
    pub(crate) etag: String,
    /// Lower-case hex; `None` when they are not of the agreed type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
}

impl File {
    /// The key of the bytes that were confirmed. No client ever writes there. Nothing of the client's is in it.
    pub(crate) fn object_key(&self) -> String {
        format!("{}/{}/{}", self.workspace_id, self.channel_id, self.id)
    }

    /// The key that the client uploads to.
    pub(crate) fn upload_key(&self) -> String {
        format!("uploads/{}", self.object_key())
    }

    /// Whether anybody may still ask for it. One that is not confirmed is its uploader's own affair.
    pub(crate) fn is_known_to(&self, user: UserId) -> bool {
        match self.status {
            Status::Uploaded => true,
            Status::Pending => self.uploader_id == user,
            Status::Deleted | Status::Expired => false,
        }
    }

    /// The event of its confirmation with this checksum.
    pub(crate) fn uploaded(&self, sha256: String) -> FileUploaded {
        FileUploaded {
            file: FilePayload {
                id: self.id,
                channel_id: self.channel_id,
                workspace_id: self.workspace_id,
                uploader_id: self.uploader_id,
                filename: self.filename.clone(),
                content_type: self.content_type.as_str().to_owned(),
                size: self.size,
                sha256,
                created_at: self.created_at,
            },
        }
    }
}

/// The moment `after` that one.
pub(crate) fn later(moment: Timestamp, after: Duration) -> Timestamp {
    let after = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(moment.as_millis().saturating_add(after))
}
