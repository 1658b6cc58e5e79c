//! API keys.

use chrono::{DateTime, NaiveDate, Utc};
use colink_core::id::{ApiKeyId, UserId};
use sqlx::{FromRow, PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use super::batches;

/// A key, without its secrets.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ApiKey {
    id: Uuid,
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) last_used_on: Option<NaiveDate>,
}

impl ApiKey {
    /// Its id.
    pub(crate) fn id(&self) -> ApiKeyId {
        ApiKeyId::from_uuid(self.id)
    }
}

/// A key that is kept, open or not, and from where it was used.
#[derive(Debug, FromRow)]
pub(crate) struct KeptApiKey {
    #[sqlx(flatten)]
    pub(crate) key: ApiKey,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
    pub(crate) networks: Vec<String>,
}

/// A key to be.
#[derive(Debug)]
pub(crate) struct NewApiKey<'a> {
    pub(crate) id: ApiKeyId,
    pub(crate) user_id: UserId,
    pub(crate) name: &'a str,
    pub(crate) scopes: &'a [String],
    pub(crate) created_by: UserId,
    pub(crate) now: DateTime<Utc>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// Makes a key.
pub(crate) async fn insert(connection: &mut PgConnection, new: &NewApiKey<'_>) -> sqlx::Result<ApiKey> {
    sqlx::query_as(
        "insert into api_keys (id, user_id, name, scopes, created_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         returning *",
    )
    .bind(new.id.as_uuid())
    .bind(new.user_id.as_uuid())
    .bind(new.name)
    .bind(new.scopes)
    .bind(new.created_by.as_uuid())
    .bind(new.now)
    .bind(new.expires_at)
    .fetch_one(connection)
    .await
}

/// How many keys of the user are open. His row must be locked, so that the number holds.
pub(crate) async fn count(
    connection: &mut PgConnection,
    user_id: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from api_keys
          where user_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)",
    )
    .bind(user_id.as_uuid())
    .bind(now)
    .fetch_one(connection)
    .await
}

/// The user's open keys, newest first; there are never more than the cap.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    user_id: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<ApiKey>> {
    sqlx::query_as(
        "select * from api_keys
          where user_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)
          order by created_at desc, id desc",
    )
    .bind(user_id.as_uuid())
    .bind(now)
    .fetch_all(executor)
    .await
}

/// The user's keys, the newest first, those that have ended among them.
pub(crate) async fn list_kept(
    executor: impl PgExecutor<'_>,
    user_id: UserId,
) -> sqlx::Result<Vec<KeptApiKey>> {
    sqlx::query_as(
        "select k.*, array(select network from api_key_networks n where n.api_key_id = k.id order by network)
                     as networks
           from api_keys k where user_id = $1
          order by created_at desc, id desc",
    )
    .bind(user_id.as_uuid())
    .fetch_all(executor)
    .await
}

/// One open key of the user, locked until the transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    user_id: UserId,
    id: ApiKeyId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<ApiKey>> {
    sqlx::query_as(
        "select * from api_keys
          where id = $1 and user_id = $2 and revoked_at is null and (expires_at is null or expires_at > $3)
            for update",
    )
    .bind(id.as_uuid())
    .bind(user_id.as_uuid())
    .bind(now)
    .fetch_optional(connection)
    .await
}

/// Gives a key another end, or none; it must be locked.
pub(crate) async fn update_expires_at(
    connection: &mut PgConnection,
    id: ApiKeyId,
    expires_at: Option<DateTime<Utc>>,
) -> sqlx::Result<ApiKey> {
    sqlx::query_as("update api_keys set expires_at = $2 where id = $1 returning *")
        .bind(id.as_uuid())
        .bind(expires_at)
        .fetch_one(connection)
        .await
}

/// Ends a key; it must be locked.
pub(crate) async fn update_revoked(
    connection: &mut PgConnection,
    id: ApiKeyId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update api_keys set revoked_at = $2 where id = $1")
        .bind(id.as_uuid())
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}

/// Ends every open key of the user, and says which.
pub(crate) async fn update_all_revoked(
    connection: &mut PgConnection,
    user_id: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<ApiKeyId>> {
    let ended: Vec<Uuid> = sqlx::query_scalar(
        "update api_keys set revoked_at = $2
          where user_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)
         returning id",
    )
    .bind(user_id.as_uuid())
    .bind(now)
    .fetch_all(connection)
    .await?;
    Ok(ended.into_iter().map(ApiKeyId::from_uuid).collect())
}

/// Notes the day of a use; `false` when it was noted before. The row stays locked until the transaction ends.
pub(crate) async fn update_used(
    connection: &mut PgConnection,
    id: ApiKeyId,
    today: NaiveDate,
) -> sqlx::Result<bool> {
    let noted = sqlx::query(
        "update api_keys set last_used_on = $2
          where id = $1 and (last_used_on is null or last_used_on < $2)",
    )
    .bind(id.as_uuid())
    .bind(today)
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Deletes keys, with their secrets, that ended before `before`, and says how many.
pub(crate) async fn delete_ended(pool: &PgPool, before: DateTime<Utc>) -> sqlx::Result<u64> {
    batches::delete(pool, "api_keys", "revoked_at < $1 or expires_at < $1", before).await
}
