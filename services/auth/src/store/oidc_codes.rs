//! Codes that a browser exchanges for tokens after it came back from a provider.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use sqlx::{FromRow, PgExecutor, PgPool};
use uuid::Uuid;

use super::batches;
use crate::domain::opaque_token::TokenHash;

/// What a code stands for.
#[derive(Debug, FromRow)]
pub(crate) struct Code {
    browser_hash: Vec<u8>,
    user_id: Uuid,
    pub(crate) second_factor: bool,
    pub(crate) expires_at: DateTime<Utc>,
}

impl Code {
    /// Whether it was given to this browser.
    pub(crate) fn is_of(&self, browser: TokenHash) -> bool {
        self.browser_hash == browser.as_bytes()
    }

    /// Who signed in.
    pub(crate) fn user_id(&self) -> UserId {
        UserId::from_uuid(self.user_id)
    }
}

/// Keeps a code.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    code: TokenHash,
    browser: TokenHash,
    user_id: UserId,
    second_factor: bool,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into oidc_codes (code_hash, browser_hash, user_id, second_factor, expires_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(code.as_bytes())
    .bind(browser.as_bytes())
    .bind(user_id.as_uuid())
    .bind(second_factor)
    .bind(expires_at)
    .execute(executor)
    .await
    .map(drop)
}

/// What a code stands for, while nobody has used it.
pub(crate) async fn lookup(executor: impl PgExecutor<'_>, code: TokenHash) -> sqlx::Result<Option<Code>> {
    sqlx::query_as(
        "select browser_hash, user_id, second_factor, expires_at from oidc_codes where code_hash = $1",
    )
    .bind(code.as_bytes())
    .fetch_optional(executor)
    .await
}

/// Takes a code away: of any number of exchanges one gets it.
pub(crate) async fn delete(executor: impl PgExecutor<'_>, code: TokenHash) -> sqlx::Result<Option<Code>> {
    sqlx::query_as(
        "delete from oidc_codes where code_hash = $1
         returning browser_hash, user_id, second_factor, expires_at",
    )
    .bind(code.as_bytes())
    .fetch_optional(executor)
    .await
}

/// Takes the user's codes away.
pub(crate) async fn delete_of_user(executor: impl PgExecutor<'_>, user_id: UserId) -> sqlx::Result<()> {
    sqlx::query("delete from oidc_codes where user_id = $1")
        .bind(user_id.as_uuid())
        .execute(executor)
        .await
        .map(drop)
}

/// Deletes what nobody can exchange any more, and says how many.
pub(crate) async fn delete_expired(pool: &PgPool, now: DateTime<Utc>) -> sqlx::Result<u64> {
    batches::delete(pool, "oidc_codes", "expires_at <= $1", now).await
}
