//! Links that set a new password.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use sqlx::{PgConnection, PgExecutor};

use super::tokens::Tokens;
use crate::domain::opaque_token::TokenHash;

/// The links of all users.
pub(crate) const TOKENS: Tokens = Tokens { table: "password_resets", hash: "token_hash" };

/// Keeps a new token in place of the one that the user had: only his newest mail works.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    user_id: UserId,
    hash: TokenHash,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into password_resets (user_id, token_hash, created_at, expires_at) values ($1, $2, $3, $4)
         on conflict (user_id) do update
            set token_hash = excluded.token_hash, created_at = excluded.created_at, expires_at = excluded.expires_at",
    )
    .bind(user_id.as_uuid())
    .bind(hash.as_bytes())
    .bind(now)
    .bind(expires_at)
    .execute(executor)
    .await
    .map(drop)
}

/// Uses a living token up; `false` when it is none any more. Of many uses one gets `true`.
pub(crate) async fn delete_used(
    connection: &mut PgConnection,
    hash: TokenHash,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let used = sqlx::query("delete from password_resets where token_hash = $1 and expires_at > $2")
        .bind(hash.as_bytes())
        .bind(now)
        .execute(connection)
        .await?;
    Ok(used.rows_affected() == 1)
}
