//! Tokens of mailed links.

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, PgPool};

use super::batches;
use super::registrations::RegistrationId;
use crate::domain::opaque_token::TokenHash;

/// What a token is for.
pub(crate) const VERIFY: &str = "verify_email";

/// Keeps a new token, and drops those that the registration had for the same purpose: only its newest mail works. `false`
/// when the registration is gone.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    hash: TokenHash,
    registration: RegistrationId,
    purpose: &str,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    // The registration is locked before its tokens are, as when one of them is used.
    let inserted = sqlx::query(
        "with pending as materialized (
             select id from registrations where id = $2 for key share),
         dropped as (
             delete from email_tokens
              where registration_id in (select id from pending) and purpose = $3)
         insert into email_tokens (token_hash, registration_id, purpose, created_at, expires_at)
         select $1, id, $3, $4, $5 from pending",
    )
    .bind(hash.as_bytes())
    .bind(registration)
    .bind(purpose)
    .bind(now)
    .bind(expires_at)
    .execute(executor)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Deletes what nobody can use any more, and says how many.
pub(crate) async fn delete_expired(pool: &PgPool, now: DateTime<Utc>) -> sqlx::Result<u64> {
    batches::delete(pool, "email_tokens", "expires_at <= $1", now).await
}
