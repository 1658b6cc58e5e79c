//! Refresh tokens; a session's tokens are one family.

use chrono::{DateTime, Utc};
use colink_core::id::{SessionId, UserId};
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

use super::batches;
use crate::domain::opaque_token::TokenHash;
use crate::domain::refresh::Facts;

/// A token with its session.
#[derive(Debug, FromRow)]
pub(crate) struct Held {
    session_id: Uuid,
    user_id: Uuid,
    pub(crate) amr: Vec<String>,
    /// Its newest tokens are good for nothing but enrolling a second factor.
    pub(crate) restricted: bool,
    /// Of the session's CSRF token, when a browser keeps its refresh token in a cookie.
    pub(crate) csrf_hash: Option<Vec<u8>>,
    /// Of whoever went on with the session last.
    user_agent: Option<String>,
    expires_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
    /// Whether the session was ended before the token's own time was over.
    revoked: bool,
}

impl Held {
    /// The session.
    pub(crate) fn session_id(&self) -> SessionId {
        SessionId::from_uuid(self.session_id)
    }

    /// Whose it is.
    pub(crate) fn user_id(&self) -> UserId {
        UserId::from_uuid(self.user_id)
    }

    /// What the use by a client of this name is judged by.
    pub(crate) fn facts(&self, user_agent: Option<&str>) -> Facts {
        Facts {
            used_at: self.used_at,
            expires_at: self.expires_at,
            revoked: self.revoked,
            same_client: self.user_agent.as_deref() == user_agent,
        }
    }
}

/// Keeps a new token.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    hash: TokenHash,
    session_id: SessionId,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into refresh_tokens (token_hash, session_id, issued_at, expires_at) values ($1, $2, $3, $4)",
    )
    .bind(hash.as_bytes())
    .bind(session_id.as_uuid())
    .bind(now)
    .bind(expires_at)
    .execute(connection)
    .await
    .map(drop)
}

/// The token, locked with its session: uses of one family happen one after the other.
pub(crate) async fn lock(connection: &mut PgConnection, hash: TokenHash) -> sqlx::Result<Option<Held>> {
    sqlx::query_as(
        "select t.session_id, s.user_id, s.amr, s.restricted, s.user_agent, s.csrf_hash, t.expires_at, t.used_at,
                coalesce(s.revoked_at < t.expires_at, false) as revoked
           from refresh_tokens t join sessions s on s.id = t.session_id
          where t.token_hash = $1
            for update",
    )
    .bind(hash.as_bytes())
    .fetch_optional(connection)
    .await
}

/// Marks the first use; the row must be locked.
pub(crate) async fn update_used(
    connection: &mut PgConnection,
    hash: TokenHash,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update refresh_tokens set used_at = $2 where token_hash = $1")
        .bind(hash.as_bytes())
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes every token of the session: none of them is good any more, and none counts as stolen.
pub(crate) async fn delete_of_session(
    connection: &mut PgConnection,
    session_id: SessionId,
) -> sqlx::Result<()> {
    sqlx::query("delete from refresh_tokens where session_id = $1")
        .bind(session_id.as_uuid())
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes tokens that have expired, and says how many.
pub(crate) async fn delete_expired(pool: &PgPool, before: DateTime<Utc>) -> sqlx::Result<u64> {
    batches::delete(pool, "refresh_tokens", "expires_at < $1", before).await
}
