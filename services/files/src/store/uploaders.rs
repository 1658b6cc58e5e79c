//! Files by who uploaded them: pictures of users, exports, and what goes with an erased user.

use bson::doc;
use colink_core::id::{FileId, UserId};
use colink_core::time::Timestamp;
use futures_util::TryStreamExt;

use super::files::FileStore;
use super::moment;
use crate::domain::file::{File, Status};
use crate::error::Result;

impl FileStore {
    /// Marks an uploaded file of the user as a picture of him; false when there is no such file.
    pub(crate) async fn update_avatar(&self, id: FileId, user: UserId) -> Result<bool> {
        let own = doc! {
            "_id": id.to_string(), "uploader_id": user.to_string(), "status": Status::Uploaded.as_str(),
        };
        Ok(self.files.update_one(own, doc! { "$set": { "avatar": true } }).await?.matched_count == 1)
    }

    /// Whether the file is a picture of its uploader.
    pub(crate) async fn find_avatar(&self, id: FileId) -> Result<bool> {
        let marked = doc! { "_id": id.to_string(), "avatar": true };
        Ok(self.files.count_documents(marked).await? == 1)
    }

    /// The pictures of a user, present and former ones.
    pub(crate) async fn list_avatars(&self, user: UserId) -> Result<Vec<File>> {
        let marked = doc! {
            "uploader_id": user.to_string(), "status": Status::Uploaded.as_str(), "avatar": true,
        };
        let rows: Vec<_> = self.files.find(marked).await?.try_collect().await?;
        Ok(rows.into_iter().map(File::from).collect())
    }

    /// Up to `limit` uploaded files of a user behind `after`, in the order of their ids, which is that of their uploads.
    pub(crate) async fn list_of_uploader(
        &self,
        user: UserId,
        after: Option<FileId>,
        limit: i64,
    ) -> Result<Vec<File>> {
        let mut wanted = doc! { "uploader_id": user.to_string(), "status": Status::Uploaded.as_str() };
        if let Some(after) = after {
            wanted.insert("_id", doc! { "$gt": after.to_string() });
        }
        let found = self.files.find(wanted).sort(doc! { "_id": 1 }).limit(limit).await?;
        let rows: Vec<_> = found.try_collect().await?;
        Ok(rows.into_iter().map(File::from).collect())
    }

    /// Gives up the pending uploads of a user.
    pub(crate) async fn expire_of_uploader(&self, user: UserId, now: Timestamp) -> Result<u64> {
        let pending = doc! { "uploader_id": user.to_string(), "status": Status::Pending.as_str() };
        let update = doc! {
            "$set": { "status": Status::Expired.as_str(), "remove_at": moment(now) },
            "$unset": { "expires_at": "" },
        };
        Ok(self.files.update_many(pending, update).await?.modified_count)
    }
}
