//! Tokens of mailed links.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::domain::opaque_token::TokenHash;

/// What a token is for.
pub(crate) const VERIFY: &str = "verify_email";

/// Keeps a new token, and drops the unused ones that the user had for the same purpose: only the newest mail works.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    hash: TokenHash,
    user_id: UserId,
    purpose: &str,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "with dropped as (
             delete from email_tokens where user_id = $2 and purpose = $3 and used_at is null)
         insert into email_tokens (token_hash, user_id, purpose, created_at, expires_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(hash.as_bytes())
    .bind(user_id.as_uuid())
    .bind(purpose)
    .bind(now)
    .bind(expires_at)
    .execute(executor)
    .await
    .map(drop)
}

/// Uses a token up. Of many callers at once one gets its user; the others, and later ones, get `None`.
pub(crate) async fn update_used(
    connection: &mut PgConnection,
    hash: TokenHash,
    purpose: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<UserId>> {
    let user_id: Option<Uuid> = sqlx::query_scalar(
        "update email_tokens set used_at = $3
          where token_hash = $1 and purpose = $2 and used_at is null and expires_at > $3
         returning user_id",
    )
    .bind(hash.as_bytes())
    .bind(purpose)
    .bind(now)
    .fetch_optional(connection)
    .await?;
    Ok(user_id.map(UserId::from_uuid))
}

/// Deletes what nobody can use any more, and says how many.
pub(crate) async fn delete_expired(executor: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let deleted =
        sqlx::query("delete from email_tokens where expires_at <= $1").bind(now).execute(executor).await?;
    Ok(deleted.rows_affected())
}
