//! Uploaded files as a table.

use bson::{Document, doc};
use colink_core::id::{ChannelId, UserId};
use colink_core::page::{TablePage, TableQuery};
use futures_util::TryStreamExt;

use super::files::FileStore;
use super::row::FileRow;
use crate::domain::file::{File, Status};
use crate::domain::media_type::{Kind, MediaType};
use crate::domain::sort::{Sort, SortKey};
use crate::error::{Error, Result};

/// Which files are asked for.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// In one of these channels.
    pub(crate) channels: Vec<ChannelId>,
    /// Uploaded by him.
    pub(crate) uploader: Option<UserId>,
    /// Of this type.
    pub(crate) media: Option<Media>,
}

/// A filter by type.
#[derive(Debug)]
pub(crate) enum Media {
    /// A coarse kind.
    Kind(Kind),
    /// Exactly this type.
    Exact(MediaType),
}

impl Wanted {
    fn filter(&self) -> Document {
        let mut filter = doc! { "status": Status::Uploaded.as_str() };
        let channels: Vec<String> = self.channels.iter().map(ToString::to_string).collect();
        match channels.as_slice() {
            [channel] => filter.insert("channel_id", channel),
            _ => filter.insert("channel_id", doc! { "$in": channels }),
        };
        if let Some(uploader) = self.uploader {
            filter.insert("uploader_id", uploader.to_string());
        }
        match &self.media {
            Some(Media::Kind(kind)) => filter.insert("kind", kind.as_str()),
            Some(Media::Exact(media)) => filter.insert("content_type", media.as_str()),
            None => None,
        };
        filter
    }
}

impl FileStore {
    /// A page of the uploaded files that are `wanted`.
    pub(crate) async fn list(
        &self,
        wanted: &Wanted,
        sort: Sort,
        page: TableQuery,
    ) -> Result<TablePage<File>> {
        let direction = if sort.descending { -1 } else { 1 };
        let key = match sort.key {
            SortKey::CreatedAt => "created_at",
            SortKey::Size => "size",
            SortKey::Filename => "name_key",
        };
        let found = self
            .files
            .find(wanted.filter())
            .sort(doc! { key: direction, "_id": direction })
            .skip(u64::try_from(page.offset()).unwrap_or(0))
            .limit(page.limit())
            .await?;
        let rows: Vec<FileRow> = found.try_collect().await?;
        let count = async {
            let total = self.files.count_documents(wanted.filter()).await?;
            Ok::<_, Error>(i64::try_from(total).unwrap_or(i64::MAX))
        };
        Ok(TablePage::counted(rows, page, count).await?.map(File::from))
    }
}
