//! Sign-ins that wait for a second factor.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use sqlx::{FromRow, PgConnection, PgExecutor};

use super::tokens::Tokens;
use crate::domain::opaque_token::TokenHash;

/// The tickets of all users.
pub(crate) const TOKENS: Tokens = Tokens { table: "mfa_tickets", hash: "ticket_hash" };

/// What a ticket knows.
#[derive(Debug, FromRow)]
pub(crate) struct StoredTicket {
    pub(crate) method: String,
    pub(crate) amr: Vec<String>,
    pub(crate) authenticated_at: Option<DateTime<Utc>>,
    pub(crate) device_name: Option<String>,
    pub(crate) user_agent: Option<String>,
}

/// A ticket to be.
#[derive(Debug)]
pub(crate) struct NewTicket<'a> {
    pub(crate) user_id: UserId,
    pub(crate) method: &'a str,
    pub(crate) amr: &'a [&'a str],
    /// When the first factor was proven, if that was not in this sign-in.
    pub(crate) authenticated_at: Option<DateTime<Utc>>,
    pub(crate) device_name: Option<&'a str>,
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Keeps a ticket.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    hash: TokenHash,
    new: &NewTicket<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into mfa_tickets (ticket_hash, user_id, method, amr, device_name, user_agent, created_at, expires_at,
                                  authenticated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(hash.as_bytes())
    .bind(new.user_id.as_uuid())
    .bind(new.method)
    .bind(new.amr)
    .bind(new.device_name)
    .bind(new.user_agent)
    .bind(new.now)
    .bind(new.expires_at)
    .bind(new.authenticated_at)
    .execute(executor)
    .await
    .map(drop)
}

/// The ticket, locked until the transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    hash: TokenHash,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<StoredTicket>> {
    sqlx::query_as(
        "select method, amr, authenticated_at, device_name, user_agent from mfa_tickets
          where ticket_hash = $1 and expires_at > $2
            for update",
    )
    .bind(hash.as_bytes())
    .bind(now)
    .fetch_optional(connection)
    .await
}

/// Counts a failure, and says how many there were.
pub(crate) async fn update_failed(connection: &mut PgConnection, hash: TokenHash) -> sqlx::Result<i32> {
    sqlx::query_scalar(
        "update mfa_tickets set failures = failures + 1 where ticket_hash = $1 returning failures",
    )
    .bind(hash.as_bytes())
    .fetch_one(connection)
    .await
}

/// Takes the user's tickets away whose first factor was of this method.
pub(crate) async fn delete_of_method(
    connection: &mut PgConnection,
    user_id: UserId,
    method: &str,
) -> sqlx::Result<()> {
    sqlx::query("delete from mfa_tickets where user_id = $1 and method = $2")
        .bind(user_id.as_uuid())
        .bind(method)
        .execute(connection)
        .await
        .map(drop)
}

/// The ticket is used, or dead.
pub(crate) async fn delete(connection: &mut PgConnection, hash: TokenHash) -> sqlx::Result<()> {
    sqlx::query("delete from mfa_tickets where ticket_hash = $1")
        .bind(hash.as_bytes())
        .execute(connection)
        .await
        .map(drop)
}
