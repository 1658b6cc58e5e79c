//! Files, one document each, in the collection `files`.
//!
//! A change and its event are one update of one document: the event is pushed to `pending_events` and published by the
//! relay. `expires_at` stands while an upload is pending, `remove_at` while an object is to be removed.

use std::time::Duration;

use bson::{DateTime as Moment, Document, doc};
use colink_core::id::{FileId, UserId};
use colink_core::time::Timestamp;
use colink_store::StoreError;
use futures_util::TryStreamExt;
use mongodb::options::IndexOptions;
use mongodb::{Collection, Database, IndexModel};
use serde::Deserialize;

use super::pending_events::{Leftover, PendingEvent, PendingEvents};
use super::row::FileRow;
use super::{moment, timestamp};
use crate::domain::file::{File, RefusedBytes, Status, later};
use crate::error::Result;

const COLLECTION: &str = "files";

/// A PUT that began before its URL ended may go on for a while; what it leaves behind is removed then.
const LATE_UPLOAD: Duration = Duration::from_secs(60 * 60);

/// The collection. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct FileStore {
    pub(super) files: Collection<FileRow>,
    removals: Collection<Removal>,
    pending: PendingEvents,
}

/// Objects of a file that are to be removed.
#[derive(Debug, Deserialize)]
pub(crate) struct Removal {
    #[serde(rename = "_id")]
    pub(crate) id: FileId,
    object_key: String,
    /// Absent with files of before there were two objects.
    #[serde(default)]
    upload_key: Option<String>,
    status: Status,
    upload_ends_at: Moment,
}

impl Removal {
    /// The objects. Of a confirmed file only what the upload left behind.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let confirmed = (self.status != Status::Uploaded).then_some(self.object_key.as_str());
        confirmed.into_iter().chain(self.upload_key.as_deref())
    }
}

impl FileStore {
    /// The files of `database`.
    pub(crate) fn new(database: &Database) -> Self {
        Self {
            files: database.collection(COLLECTION),
            removals: database.collection(COLLECTION),
            pending: PendingEvents::new(database, COLLECTION, Leftover::Document),
        }
    }

    /// The events that wait in the documents.
    pub(crate) fn pending_events(&self) -> PendingEvents {
        self.pending.clone()
    }

    /// Makes the index of every list and sweep.
    pub(crate) async fn ensure_indexes(&self) -> std::result::Result<(), StoreError> {
        let sparse = || IndexOptions::builder().sparse(true).build();
        let keys = [
            doc! { "channel_id": 1, "status": 1, "created_at": -1, "_id": -1 },
            doc! { "channel_id": 1, "status": 1, "size": -1, "_id": -1 },
            doc! { "channel_id": 1, "status": 1, "name_key": 1, "_id": 1 },
            doc! { "channel_id": 1, "status": 1, "kind": 1, "created_at": -1, "_id": -1 },
            doc! { "channel_id": 1, "status": 1, "content_type": 1, "created_at": -1, "_id": -1 },
            doc! { "channel_id": 1, "status": 1, "uploader_id": 1, "created_at": -1, "_id": -1 },
            doc! { "uploader_id": 1, "status": 1, "created_at": -1, "_id": -1 },
            doc! { "uploader_id": 1, "status": 1, "_id": 1 },
        ];
        let mut indexes: Vec<IndexModel> =
            keys.into_iter().map(|keys| IndexModel::builder().keys(keys).build()).collect();
        for field in ["expires_at", "remove_at"] {
            indexes.push(IndexModel::builder().keys(doc! { field: 1 }).options(sparse()).build());
        }
        self.files.create_indexes(indexes).await?;
        self.pending.ensure_indexes().await
    }

    /// Writes a new pending file. Its URL ends at `upload_ends_at`; unconfirmed, it ends itself at `expires_at`.
    pub(crate) async fn insert(
        &self,
        file: &File,
        upload_ends_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        let mut document = bson::serialize_to_document(&FileRow::from(file))
            .map_err(|error| StoreError::rejected("mongo", error))?;
        document.insert("object_key", file.object_key());
        document.insert("upload_key", file.upload_key());
        document.insert("upload_ends_at", moment(upload_ends_at));
        document.insert("expires_at", moment(expires_at));
        document.insert("pending_events", Vec::<Document>::new());
        self.files.clone_with_type::<Document>().insert_one(document).await?;
        Ok(())
    }

    /// The file, whatever became of it.
    pub(crate) async fn lookup(&self, id: FileId) -> Result<Option<File>> {
        Ok(self.files.find_one(doc! { "_id": id.to_string() }).await?.map(File::from))
    }

    /// Writes that a pending file became `confirmed`, with its event; false when it is not pending any more. The document is
    /// not asked back: the relay may be changing it already, and not every server answers with a copy.
    pub(crate) async fn confirm(&self, confirmed: &File, event: PendingEvent) -> Result<bool> {
        let update = doc! {
            "$set": {
                "status": Status::Uploaded.as_str(),
                "sha256": confirmed.sha256.as_deref(),
                "etag": confirmed.etag.as_deref(),
                "confirmed_at": confirmed.confirmed_at.map(moment),
                "remove_at": confirmed.confirmed_at.map(moment),
                "relay_due": true,
            },
            "$unset": { "expires_at": "", "refused": "" },
            "$push": { "pending_events": event.into_document() },
        };
        let pending = doc! { "_id": confirmed.id.to_string(), "status": Status::Pending.as_str() };
        Ok(self.files.update_one(pending, update).await?.matched_count == 1)
    }

    /// Keeps which bytes of a pending file were refused, instead of those before them.
    pub(crate) async fn update_refused(&self, id: FileId, refused: &RefusedBytes) -> Result<()> {
        let refused =
            bson::serialize_to_document(refused).map_err(|error| StoreError::rejected("mongo", error))?;
        let pending = doc! { "_id": id.to_string(), "status": Status::Pending.as_str() };
        self.files.update_one(pending, doc! { "$set": { "refused": refused } }).await?;
        Ok(())
    }

    /// Marks a file that is `was` as deleted, with the event if there is one; false when it is not `was` any more.
    pub(crate) async fn delete(
        &self,
        id: FileId,
        was: Status,
        by: UserId,
        at: Timestamp,
        event: Option<PendingEvent>,
    ) -> Result<bool> {
        let mut set = doc! {
            "status": Status::Deleted.as_str(),
            "deleted_at": moment(at),
            "deleted_by": by.to_string(),
            "remove_at": moment(at),
        };
        let mut update = doc! { "$unset": { "expires_at": "" } };
        if let Some(event) = event {
            set.insert("relay_due", true);
            update.insert("$push", doc! { "pending_events": event.into_document() });
        }
        update.insert("$set", set);
        let filter = doc! { "_id": id.to_string(), "status": was.as_str() };
        Ok(self.files.update_one(filter, update).await?.matched_count == 1)
    }

    /// Gives up pending files whose time is over at `now`, and says how many.
    pub(crate) async fn expire(&self, now: Timestamp) -> Result<u64> {
        let overdue = doc! { "status": Status::Pending.as_str(), "expires_at": { "$lte": moment(now) } };
        let update = doc! {
            "$set": { "status": Status::Expired.as_str(), "remove_at": moment(now) },
            "$unset": { "expires_at": "" },
        };
        Ok(self.files.update_many(overdue, update).await?.modified_count)
    }

    /// Up to `limit` files with objects that are to be removed at `now`.
    pub(crate) async fn list_removals(&self, now: Timestamp, limit: i64) -> Result<Vec<Removal>> {
        let due = doc! { "remove_at": { "$lte": moment(now) } };
        Ok(self.removals.find(due).limit(limit).await?.try_collect().await?)
    }

    /// The objects are gone. While the upload URL may still bring one back, it is to be removed once more; then the document
    /// of an expired upload, of which nobody knows, goes too. A file that was deleted meanwhile keeps its own removal.
    pub(crate) async fn removed(&self, removal: &Removal, now: Timestamp) -> Result<()> {
        let id = doc! { "_id": removal.id.to_string(), "status": removal.status.as_str() };
        let quiet_at = later(timestamp(removal.upload_ends_at), LATE_UPLOAD);
        if now < quiet_at {
            self.files.update_one(id, doc! { "$set": { "remove_at": moment(quiet_at) } }).await?;
        } else if removal.status == Status::Expired {
            self.files.delete_one(id).await?;
        } else {
            self.files.update_one(id, doc! { "$unset": { "remove_at": "" } }).await?;
        }
        Ok(())
    }
}
