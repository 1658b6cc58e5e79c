// tidy: long because every query of sessions stands in one place
//! Sign-ins.

use chrono::{DateTime, Utc};
use colink_core::id::{SessionId, UserId};
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use crate::domain::opaque_token::TokenHash;

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
    pub(crate) expires_at: DateTime<Utc>,
}

/// Begins a session.
pub(crate) async fn insert(connection: &mut PgConnection, new: &NewSession<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "insert into sessions (id, user_id, device_name, user_agent, ip, amr, created_at, last_seen_at,
                               authenticated_at, expires_at, method, csrf_hash)
         values ($1, $2, $3, $4, $5, $6, $7, $7, $7, $8, $9, $10)",
    )
    .bind(new.id.as_uuid())
    .bind(new.user_id.as_uuid())
    .bind(new.device_name)
    .bind(new.user_agent)
    .bind(&new.ip)
    .bind(new.amr)
    .bind(new.now)
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

/// When somebody last proved in this session who he is; `None` when it is over.
pub(crate) async fn find_authenticated_at(
    executor: impl PgExecutor<'_>,
    id: SessionId,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("select authenticated_at from sessions where id = $1 and revoked_at is null")
        .bind(id.as_uuid())
        .fetch_optional(executor)
        .await
}

/// Somebody proved in this session who he is.
pub(crate) async fn update_authenticated(
    executor: impl PgExecutor<'_>,
    id: SessionId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update sessions set authenticated_at = $2 where id = $1")
        .bind(id.as_uuid())
        .bind(now)
        .execute(executor)
        .await
        .map(drop)
}

/// A session was proven by these means as well.
pub(crate) async fn update_amr_added(
    connection: &mut PgConnection,
    id: SessionId,
    words: &[&str],
) -> sqlx::Result<()> {
    sqlx::query(
        "update sessions
            set amr = amr || array(select word from unnest($2::text[]) with ordinality as new (word, place)
                                    where word <> all (amr) order by place)
          where id = $1",
    )
    .bind(id.as_uuid())
    .bind(words)
    .execute(connection)
    .await
    .map(drop)
}

/// A session counts as proven by these means no more.
pub(crate) async fn update_amr_removed(
    connection: &mut PgConnection,
    id: SessionId,
    words: &[&str],
) -> sqlx::Result<()> {
    sqlx::query(
        "update sessions
            set amr = array(select word from unnest(amr) with ordinality as old (word, place)
                             where word <> all ($2::text[]) order by place)
          where id = $1",
    )
    .bind(id.as_uuid())
    .bind(words)
    .execute(connection)
    .await
    .map(drop)
}

/// Ends one open session of the user; `false` when he has no such one.
pub(crate) async fn update_revoked(
    connection: &mut PgConnection,
    user_id: UserId,
    id: SessionId,
    reason: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let ended = sqlx::query(
        "update sessions set revoked_at = $3, revoked_reason = $4
          where id = $1 and user_id = $2 and revoked_at is null and expires_at > $3",
    )
    .bind(id.as_uuid())
    .bind(user_id.as_uuid())
    .bind(now)
    .bind(reason)
    .execute(connection)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Ends every open session of the user but `kept`, and says which.
pub(crate) async fn update_others_revoked(
    connection: &mut PgConnection,
    user_id: UserId,
    kept: SessionId,
    reason: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<SessionId>> {
    let ended: Vec<Uuid> = sqlx::query_scalar(
        "update sessions set revoked_at = $3, revoked_reason = $4
          where user_id = $1 and id <> $2 and revoked_at is null and expires_at > $3
         returning id",
    )
    .bind(user_id.as_uuid())
    .bind(kept.as_uuid())
    .bind(now)
    .bind(reason)
    .fetch_all(connection)
    .await?;
    Ok(ended.into_iter().map(SessionId::from_uuid).collect())
}

/// Ends every open session of the user, and says which.
pub(crate) async fn update_all_revoked(
    connection: &mut PgConnection,
    user_id: UserId,
    reason: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<SessionId>> {
    let ended: Vec<Uuid> = sqlx::query_scalar(
        "update sessions set revoked_at = $2, revoked_reason = $3
          where user_id = $1 and revoked_at is null and expires_at > $2
         returning id",
    )
    .bind(user_id.as_uuid())
    .bind(now)
    .bind(reason)
    .fetch_all(connection)
    .await?;
    Ok(ended.into_iter().map(SessionId::from_uuid).collect())
}

/// A session that goes on with other tokens.
#[derive(Debug, FromRow)]
pub(crate) struct Renewed {
    pub(crate) amr: Vec<String>,
    /// Whether a browser keeps its refresh token in a cookie.
    pub(crate) in_cookie: bool,
}

/// An open session goes on from now; `None` when it is over.
pub(crate) async fn update_renewed(
    connection: &mut PgConnection,
    user_id: UserId,
    id: SessionId,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<Option<Renewed>> {
    sqlx::query_as(
        "update sessions set last_seen_at = $3, expires_at = $4
          where id = $1 and user_id = $2 and revoked_at is null and expires_at > $3
         returning amr, csrf_hash is not null as in_cookie",
    )
    .bind(id.as_uuid())
    .bind(user_id.as_uuid())
    .bind(now)
    .bind(expires_at)
    .fetch_optional(connection)
    .await
}

/// Ends the oldest open sessions above `cap`, never `newest`, and says which. The user's row must be locked.
pub(crate) async fn update_surplus_revoked(
    connection: &mut PgConnection,
    user_id: UserId,
    newest: SessionId,
    cap: u16,
    reason: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<SessionId>> {
    let ended: Vec<Uuid> = sqlx::query_scalar(
        "update sessions set revoked_at = $4, revoked_reason = $5
          where id in (
                select id from sessions
                 where user_id = $1 and revoked_at is null and expires_at > $4
                 order by (id = $2) desc, created_at desc, id desc
                offset $3)
         returning id",
    )
    .bind(user_id.as_uuid())
    .bind(newest.as_uuid())
    .bind(i64::from(cap))
    .bind(now)
    .bind(reason)
    .fetch_all(connection)
    .await?;
    Ok(ended.into_iter().map(SessionId::from_uuid).collect())
}

/// Deletes sessions, with their refresh tokens, that ended before `before`, and says how many.
pub(crate) async fn delete_ended(executor: impl PgExecutor<'_>, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let deleted =
        sqlx::query("delete from sessions where expires_at < $1").bind(before).execute(executor).await?;
    Ok(deleted.rows_affected())
}
