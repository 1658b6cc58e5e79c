//! Sign-ins that are at a provider.

use chrono::{DateTime, Utc};
use colink_core::id::{SessionId, UserId};
use sqlx::{FromRow, PgExecutor, PgPool};
use uuid::Uuid;

use super::batches;
use crate::domain::opaque_token::TokenHash;

/// A sign-in that was begun.
#[derive(Debug, FromRow)]
pub(crate) struct Flow {
    browser_hash: Vec<u8>,
    pub(crate) provider: String,
    pub(crate) return_to: String,
    pub(crate) json: bool,
    link_user_id: Option<Uuid>,
    link_session_id: Option<Uuid>,
    pub(crate) expires_at: DateTime<Utc>,
}

impl Flow {
    /// Whether this browser began it.
    pub(crate) fn is_of(&self, browser: TokenHash) -> bool {
        self.browser_hash == browser.as_bytes()
    }

    /// The account and session that asked for a link.
    pub(crate) fn link(&self) -> Option<(UserId, SessionId)> {
        let ids = self.link_user_id.zip(self.link_session_id)?;
        Some((UserId::from_uuid(ids.0), SessionId::from_uuid(ids.1)))
    }
}

/// A sign-in to be.
#[derive(Debug)]
pub(crate) struct NewFlow<'a> {
    pub(crate) state: TokenHash,
    pub(crate) browser: TokenHash,
    pub(crate) provider: &'a str,
    pub(crate) return_to: &'a str,
    pub(crate) json: bool,
    pub(crate) link: Option<(UserId, SessionId)>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Begins a sign-in.
pub(crate) async fn insert(executor: impl PgExecutor<'_>, new: &NewFlow<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "insert into oidc_flows (state_hash, browser_hash, provider, return_to, json, link_user_id,
                                 link_session_id, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(new.state.as_bytes())
    .bind(new.browser.as_bytes())
    .bind(new.provider)
    .bind(new.return_to)
    .bind(new.json)
    .bind(new.link.map(|(user_id, _)| user_id.as_uuid()))
    .bind(new.link.map(|(_, session_id)| session_id.as_uuid()))
    .bind(new.expires_at)
    .execute(executor)
    .await
    .map(drop)
}

/// Takes a sign-in away, whoever asks: of any number of answers one gets it.
pub(crate) async fn delete(executor: impl PgExecutor<'_>, state: TokenHash) -> sqlx::Result<Option<Flow>> {
    sqlx::query_as(
        "delete from oidc_flows where state_hash = $1
         returning browser_hash, provider, return_to, json, link_user_id, link_session_id, expires_at",
    )
    .bind(state.as_bytes())
    .fetch_optional(executor)
    .await
}

/// Takes every sign-in at a provider away.
pub(crate) async fn delete_of_provider(executor: impl PgExecutor<'_>, provider: &str) -> sqlx::Result<()> {
    sqlx::query("delete from oidc_flows where provider = $1").bind(provider).execute(executor).await.map(drop)
}

/// Deletes what nobody can end any more, and says how many.
pub(crate) async fn delete_expired(pool: &PgPool, now: DateTime<Utc>) -> sqlx::Result<u64> {
    batches::delete(pool, "oidc_flows", "expires_at <= $1", now).await
}
