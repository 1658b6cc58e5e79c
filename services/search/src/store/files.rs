//! Files in the index, found by their names. Their events carry no version: an upload only makes a row that is missing,
//! and a deletion is final, so the order does not matter.

use chrono::{DateTime, Utc};
use colink_events::files::{FileDeleted, FilePayload};
use sqlx::PgPool;
use uuid::Uuid;

use crate::domain::lexeme::{Facet, vector};
use crate::metrics::Way;
use crate::store::criteria::Criteria;

/// A file that was found, with the names beside it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct FoundFile {
    pub(crate) file_id: Uuid,
    pub(crate) channel_id: Uuid,
    pub(crate) workspace_id: Uuid,
    pub(crate) uploader_id: Uuid,
    pub(crate) filename: String,
    pub(crate) content_type: String,
    pub(crate) size: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) channel_name: Option<String>,
    pub(crate) channel_kind: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) avatar_url: Option<String>,
}

macro_rules! shown {
    ($from:literal) => {
        concat!(
            "select f.file_id, f.channel_id, f.workspace_id, f.uploader_id, f.filename, f.content_type, f.size,
                    f.created_at, c.name as channel_name, c.kind as channel_kind,
                    u.username, u.display_name, u.avatar_url
             from ", $from, "
             left join channels c on c.channel_id = f.channel_id
             left join users u on u.user_id = f.uploader_id
             order by f.created_at desc, f.file_id desc"
        )
    };
}

/// The newest of a workspace, backwards.
pub(super) const RECENT: &str = concat!(
    "with f as materialized (
       select h.* from (
         select * from files
         where workspace_id = $1 and not deleted and (created_at, file_id) < ($4, $5) and created_at >= $6
         order by created_at desc, file_id desc
         limit 4000
       ) h
       where h.channel_id = any($2) and h.tsv @@ $3::text::tsquery
       order by h.created_at desc, h.file_id desc
       limit $7
     ) ",
    shown!("f")
);
/// All rows of the inverted index, then the newest of them.
pub(super) const INDEXED: &str = concat!(
    "with hits as materialized (
       select file_id, created_at from files h
       where $1::uuid is not null and (h.created_at, h.file_id) < ($4, $5) and h.created_at >= $6
         and h.channel_id = any($2) and h.tsv @@ $3::text::tsquery
     ), page as materialized (
       select file_id from hits order by created_at desc, file_id desc limit $7
     ) ",
    shown!("page join files f on f.file_id = page.file_id")
);

/// Finds a page, the newest first, and says how. One row more than a page means that there is more.
pub(crate) async fn search(pool: &PgPool, wanted: &Criteria) -> Result<(Vec<FoundFile>, Way), sqlx::Error> {
    let recent = fetch(pool, RECENT, wanted).await?;
    if i64::try_from(recent.len()).is_ok_and(|found| found >= wanted.limit) {
        return Ok((recent, Way::Recent));
    }
    Ok((fetch(pool, INDEXED, wanted).await?, Way::Index))
}

async fn fetch(pool: &PgPool, sql: &'static str, wanted: &Criteria) -> Result<Vec<FoundFile>, sqlx::Error> {
    let (before, before_id) = wanted.before;
    sqlx::query_as(sql)
        .bind(wanted.workspace)
        .bind(&wanted.channels)
        .bind(&wanted.expression)
        .bind(before)
        .bind(before_id)
        .bind(wanted.since)
        .bind(wanted.limit)
        .fetch_all(pool)
        .await
}

/// Takes over a file that is in place, unless it is known or gone already.
pub(crate) async fn insert(pool: &PgPool, file: &FilePayload) -> Result<(), sqlx::Error> {
    let facets = [
        Facet::Workspace(file.workspace_id),
        Facet::Channel(file.channel_id),
        Facet::Author(file.uploader_id),
    ];
    sqlx::query(
        "insert into files (file_id, channel_id, workspace_id, uploader_id, filename, content_type, size, created_at,
                            tsv)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::tsvector)
         on conflict (file_id) do nothing",
    )
    .bind(file.id.as_uuid())
    .bind(file.channel_id.as_uuid())
    .bind(file.workspace_id.as_uuid())
    .bind(file.uploader_id.as_uuid())
    .bind(&file.filename)
    .bind(&file.content_type)
    .bind(i64::try_from(file.size).unwrap_or(i64::MAX))
    .bind(file.created_at.as_datetime())
    .bind(vector(&facets, &file.filename))
    .execute(pool)
    .await?;
    Ok(())
}

/// Leaves a tombstone of a file.
pub(crate) async fn bury(pool: &PgPool, deleted: &FileDeleted) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into files (file_id, channel_id, workspace_id, filename, content_type, size, created_at, deleted, tsv)
         values ($1, $2, $3, '', '', 0, $4, true, '')
         on conflict (file_id) do update set deleted = true, filename = '', tsv = ''",
    )
    .bind(deleted.file_id.as_uuid())
    .bind(deleted.channel_id.as_uuid())
    .bind(deleted.workspace_id.as_uuid())
    .bind(deleted.at.as_datetime())
    .execute(pool)
    .await?;
    Ok(())
}
