//! Recovery codes. A used one stays until there are new ones, as a trace.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use sqlx::{PgConnection, PgExecutor};

use crate::domain::opaque_token::TokenHash;

/// Keeps these codes in place of all that the user had.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    user_id: UserId,
    hashes: &[TokenHash],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    delete(connection, user_id).await?;
    let hashes: Vec<&[u8]> = hashes.iter().map(TokenHash::as_bytes).collect();
    sqlx::query(
        "insert into recovery_codes (user_id, code_hash, created_at)
         select $1, hash, $3 from unnest($2::bytea[]) as hash",
    )
    .bind(user_id.as_uuid())
    .bind(hashes)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Uses a code; `false` when the user has no such one or it was used before. Of parallel uses one wins.
pub(crate) async fn update_used(
    connection: &mut PgConnection,
    user_id: UserId,
    hash: TokenHash,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let used = sqlx::query(
        "update recovery_codes set used_at = $3 where user_id = $1 and code_hash = $2 and used_at is null",
    )
    .bind(user_id.as_uuid())
    .bind(hash.as_bytes())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// How many the user has left.
pub(crate) async fn count(executor: impl PgExecutor<'_>, user_id: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from recovery_codes where user_id = $1 and used_at is null")
        .bind(user_id.as_uuid())
        .fetch_one(executor)
        .await
}

/// Deletes all of a user.
pub(crate) async fn delete(connection: &mut PgConnection, user_id: UserId) -> sqlx::Result<()> {
    sqlx::query("delete from recovery_codes where user_id = $1")
        .bind(user_id.as_uuid())
        .execute(connection)
        .await
        .map(drop)
}
