//! Sign-ins.

mod ends;
mod proofs;

use chrono::{DateTime, Utc};
use colink_core::id::{SessionId, UserId};
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use crate::domain::opaque_token::TokenHash;

pub(crate) use ends::{
    delete_ended, update_all_revoked, update_due_revoked, update_others_revoked, update_revoked,
    update_surplus_revoked,
};
pub(crate) use proofs::{
    find_authenticated_at, update_amr_added, update_amr_removed, update_authenticated, update_renewed,
    update_restricted,
};

/// A session as its owner sees it.
#[derive(Debug, FromRow)]
pub(crate) struct Session {
    id: Uuid,
    pub(crate) device_name: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) ip: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) amr: Vec<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) last_seen_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

impl Session {
    /// Its id.
    pub(crate) fn id(&self) -> SessionId {
        SessionId::from_uuid(self.id)
    }
}

/// A session that is kept, over or not.
#[derive(Debug, FromRow)]
pub(crate) struct KeptSession {
    #[sqlx(flatten)]
    pub(crate) session: Session,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
    pub(crate) revoked_reason: Option<String>,
}

/// A session to be.
#[derive(Debug)]
pub(crate) struct NewSession<'a> {
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) device_name: Option<&'a str>,
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) ip: Option<String>,
    pub(crate) method: &'a str,
    pub(crate) amr: &'a [String],
    /// Of the token that pages must repeat, when the refresh token is in a cookie.
    pub(crate) csrf_hash: Option<TokenHash>,
    pub(crate) now: DateTime<Utc>,
    /// When its user proved who he is; not later than `now`.
    pub(crate) authenticated_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Begins a session.
pub(crate) async fn insert(connection: &mut PgConnection, new: &NewSession<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "insert into sessions (id, user_id, device_name, user_agent, ip, amr, created_at, last_seen_at,
                               authenticated_at, expires_at, method, csrf_hash)
         values ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11)",
    )
    .bind(new.id.as_uuid())
    .bind(new.user_id.as_uuid())
    .bind(new.device_name)
    .bind(new.user_agent)
    .bind(&new.ip)
    .bind(new.amr)
    .bind(new.now)
    .bind(new.authenticated_at)
    .bind(new.expires_at)
    .bind(new.method)
    .bind(new.csrf_hash.as_ref().map(TokenHash::as_bytes))
    .execute(connection)
    .await
    .map(drop)
}

/// The user's open sessions, newest first; there are never more than the cap.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    user_id: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Session>> {
    sqlx::query_as(
        "select id, device_name, user_agent, ip, method, amr, created_at, last_seen_at, expires_at
           from sessions
          where user_id = $1 and revoked_at is null and expires_at > $2
          order by created_at desc, id desc",
    )
    .bind(user_id.as_uuid())
    .bind(now)
    .fetch_all(executor)
    .await
}

/// The user's sessions, the newest first, those that have ended among them.
pub(crate) async fn list_kept(
    executor: impl PgExecutor<'_>,
    user_id: UserId,
) -> sqlx::Result<Vec<KeptSession>> {
    sqlx::query_as(
        "select id, device_name, user_agent, ip, method, amr, created_at, last_seen_at, expires_at, revoked_at,
                revoked_reason
           from sessions where user_id = $1
          order by created_at desc, id desc",
    )
    .bind(user_id.as_uuid())
    .fetch_all(executor)
    .await
}

/// Whether the user's session goes on.
pub(crate) async fn is_open(
    connection: &mut PgConnection,
    user_id: UserId,
    id: SessionId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select 1 from sessions
                         where id = $1 and user_id = $2 and revoked_at is null and expires_at > $3)",
    )
    .bind(id.as_uuid())
    .bind(user_id.as_uuid())
    .bind(now)
    .fetch_one(connection)
    .await
}

/// Names one open session of the user; `None` when he has no such one.
pub(crate) async fn update_device_name(
    executor: impl PgExecutor<'_>,
    user_id: UserId,
    id: SessionId,
    name: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Session>> {
    sqlx::query_as(
        "update sessions set device_name = $3
          where id = $1 and user_id = $2 and revoked_at is null and expires_at > $4
         returning id, device_name, user_agent, ip, method, amr, created_at, last_seen_at, expires_at",
    )
    .bind(id.as_uuid())
    .bind(user_id.as_uuid())
    .bind(name)
    .bind(now)
    .fetch_optional(executor)
    .await
}

/// A session was used: it lives on from now.
pub(crate) async fn update_seen(
    connection: &mut PgConnection,
    id: SessionId,
    user_agent: Option<&str>,
    ip: Option<String>,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update sessions
            set last_seen_at = $2, expires_at = $3, user_agent = coalesce($4, user_agent), ip = coalesce($5, ip)
          where id = $1",
    )
    .bind(id.as_uuid())
    .bind(now)
    .bind(expires_at)
    .bind(user_agent)
    .bind(ip)
    .execute(connection)
    .await
    .map(drop)
}
