//! Seeds of authenticators, one a user. One without `enabled_at` waits for its first code.

use chrono::{DateTime, Utc};
use colink_core::id::{SessionId, UserId};
use sqlx::{FromRow, PgConnection, PgExecutor, PgPool};

use super::batches;
use super::sealed::SealedColumn;

/// The column of seeds.
pub(crate) const SEALED: SealedColumn =
    SealedColumn { table: "totp_secrets", key: "user_id", key_type: "uuid", column: "sealed_secret" };

/// A seed as it is stored.
#[derive(FromRow)]
pub(crate) struct StoredSeed {
    pub(crate) sealed_secret: Vec<u8>,
    pub(crate) enabled_at: Option<DateTime<Utc>>,
}

/// Keeps a seed that waits for its first code, in place of another one that waits; `false` when there is one in use.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    user_id: UserId,
    session_id: SessionId,
    sealed_secret: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let kept = sqlx::query(
        "insert into totp_secrets as kept (user_id, sealed_secret, session_id, created_at) values ($1, $2, $3, $4)
         on conflict (user_id) do update
            set sealed_secret = excluded.sealed_secret, session_id = excluded.session_id,
                created_at = excluded.created_at, last_used_step = null
          where kept.enabled_at is null",
    )
    .bind(user_id.as_uuid())
    .bind(sealed_secret)
    .bind(session_id.as_uuid())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// The seed in use.
pub(crate) async fn find_enabled(
    executor: impl PgExecutor<'_>,
    user_id: UserId,
) -> sqlx::Result<Option<StoredSeed>> {
    sqlx::query_as(
        "select sealed_secret, enabled_at from totp_secrets
          where user_id = $1 and enabled_at is not null",
    )
    .bind(user_id.as_uuid())
    .fetch_optional(executor)
    .await
}

/// The seed that waits for its first code in this session.
pub(crate) async fn find_pending(
    executor: impl PgExecutor<'_>,
    user_id: UserId,
    session_id: SessionId,
    since: DateTime<Utc>,
) -> sqlx::Result<Option<StoredSeed>> {
    sqlx::query_as(
        "select sealed_secret, enabled_at from totp_secrets
          where user_id = $1 and session_id = $2 and created_at > $3 and enabled_at is null",
    )
    .bind(user_id.as_uuid())
    .bind(session_id.as_uuid())
    .bind(since)
    .fetch_optional(executor)
    .await
}

/// Puts a seed that waited in use, its first code taken.
pub(crate) async fn update_enabled(
    connection: &mut PgConnection,
    user_id: UserId,
    step: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let enabled = sqlx::query(
        "update totp_secrets set enabled_at = $3, last_used_step = $2 where user_id = $1 and enabled_at is null",
    )
    .bind(user_id.as_uuid())
    .bind(step)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(enabled.rows_affected() == 1)
}

/// Takes the code of a step; `false` when it or a later one was taken before. Of parallel uses one wins.
pub(crate) async fn update_used(
    connection: &mut PgConnection,
    user_id: UserId,
    step: i64,
) -> sqlx::Result<bool> {
    let taken = sqlx::query(
        "update totp_secrets set last_used_step = $2
          where user_id = $1 and enabled_at is not null and (last_used_step is null or last_used_step < $2)",
    )
    .bind(user_id.as_uuid())
    .bind(step)
    .execute(connection)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Forgets the seed; `true` when it was in use.
pub(crate) async fn delete(connection: &mut PgConnection, user_id: UserId) -> sqlx::Result<bool> {
    let enabled: Option<bool> =
        sqlx::query_scalar("delete from totp_secrets where user_id = $1 returning enabled_at is not null")
            .bind(user_id.as_uuid())
            .fetch_optional(connection)
            .await?;
    Ok(enabled.unwrap_or(false))
}

/// Deletes seeds that waited in vain, and says how many.
pub(crate) async fn delete_pending(pool: &PgPool, before: DateTime<Utc>) -> sqlx::Result<u64> {
    batches::delete(pool, "totp_secrets", "enabled_at is null and created_at <= $1", before).await
}
