//! Exports of users' data.

use chrono::{DateTime, Utc};
use colink_core::id::{ExportId, UserId};
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

/// To be fetched until it expires.
pub(crate) const READY: &str = "ready";

/// An export.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Export {
    id: Uuid,
    user_id: Uuid,
    pub(crate) status: String,
    pub(crate) object_key: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

impl Export {
    /// Its id.
    pub(crate) fn id(&self) -> ExportId {
        ExportId::from_uuid(self.id)
    }

    /// Whose.
    pub(crate) fn user_id(&self) -> UserId {
        UserId::from_uuid(self.user_id)
    }
}

/// Begins an export; `None` when one of the user is being made.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    id: ExportId,
    user_id: UserId,
    object_key: &str,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<Option<Export>> {
    sqlx::query_as(
        "insert into exports (id, user_id, status, object_key, created_at, expires_at)
         values ($1, $2, 'preparing', $3, $4, $5)
         on conflict (user_id) where status = 'preparing' do nothing
         returning *",
    )
    .bind(id.as_uuid())
    .bind(user_id.as_uuid())
    .bind(object_key)
    .bind(now)
    .bind(expires_at)
    .fetch_optional(connection)
    .await
}

/// The user's export that is being made.
pub(crate) async fn find_preparing(
    connection: &mut PgConnection,
    user_id: UserId,
) -> sqlx::Result<Option<Export>> {
    sqlx::query_as("select * from exports where user_id = $1 and status = 'preparing'")
        .bind(user_id.as_uuid())
        .fetch_optional(connection)
        .await
}

/// The user's export with this id.
pub(crate) async fn lookup(
    executor: impl PgExecutor<'_>,
    user_id: UserId,
    id: ExportId,
) -> sqlx::Result<Option<Export>> {
    sqlx::query_as("select * from exports where id = $1 and user_id = $2")
        .bind(id.as_uuid())
        .bind(user_id.as_uuid())
        .fetch_optional(executor)
        .await
}

/// The same whoever's it is, locked until the end of the transaction.
pub(crate) async fn lock(connection: &mut PgConnection, id: ExportId) -> sqlx::Result<Option<Export>> {
    sqlx::query_as("select * from exports where id = $1 for update")
        .bind(id.as_uuid())
        .fetch_optional(connection)
        .await
}

/// Its archive is there, also when it was given up before.
pub(crate) async fn update_ready(
    connection: &mut PgConnection,
    id: ExportId,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update exports set status = 'ready', ready_at = $2, expires_at = $3 where id = $1")
        .bind(id.as_uuid())
        .bind(now)
        .bind(expires_at)
        .execute(connection)
        .await
        .map(drop)
}

/// Those whose job, of the kind `kind` and with the export's id as its key, is dead have failed; says where their archives
/// would have been.
pub(crate) async fn update_given_up(executor: impl PgExecutor<'_>, kind: &str) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "update exports set status = 'failed'
          where status = 'preparing'
            and exists (select from jobs where kind = $1 and dedupe_key = exports.id::text and state = 'dead')
            and not exists (select from jobs where kind = $1 and dedupe_key = exports.id::text
                                               and state in ('waiting', 'running'))
         returning object_key",
    )
    .bind(kind)
    .fetch_all(executor)
    .await
}

/// The user's exports, the newest first.
pub(crate) async fn list(executor: impl PgExecutor<'_>, user_id: UserId) -> sqlx::Result<Vec<Export>> {
    sqlx::query_as("select * from exports where user_id = $1 order by created_at desc limit 50")
        .bind(user_id.as_uuid())
        .fetch_all(executor)
        .await
}

/// Notes the archives of a user who is about to be erased, so that they are deleted after his exports are gone, and says
/// how many there are.
pub(crate) async fn insert_orphans(connection: &mut PgConnection, user_id: UserId) -> sqlx::Result<u64> {
    let noted = sqlx::query(
        "insert into orphaned_archives (object_key) select object_key from exports where user_id = $1",
    )
    .bind(user_id.as_uuid())
    .execute(connection)
    .await?;
    Ok(noted.rows_affected())
}

/// Up to `limit` archives of erased users.
pub(crate) async fn list_orphans(executor: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("select object_key from orphaned_archives limit $1")
        .bind(limit)
        .fetch_all(executor)
        .await
}

/// It is deleted.
pub(crate) async fn delete_orphan(executor: impl PgExecutor<'_>, key: &str) -> sqlx::Result<()> {
    sqlx::query("delete from orphaned_archives where object_key = $1")
        .bind(key)
        .execute(executor)
        .await
        .map(drop)
}

/// Up to `limit` exports whose time is over.
pub(crate) async fn list_expired(
    executor: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<Export>> {
    sqlx::query_as("select * from exports where expires_at <= $1 order by expires_at limit $2")
        .bind(now)
        .bind(limit)
        .fetch_all(executor)
        .await
}

/// Its archive is gone.
pub(crate) async fn delete(executor: impl PgExecutor<'_>, id: ExportId) -> sqlx::Result<()> {
    sqlx::query("delete from exports where id = $1").bind(id.as_uuid()).execute(executor).await.map(drop)
}
