//! When and by which means the owner of a sign-in proved who he is.

use chrono::{DateTime, Utc};
use colink_core::id::{SessionId, UserId};
use sqlx::{FromRow, PgConnection, PgExecutor};

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

/// A session's newest tokens are good for nothing but enrolling a second factor, or are so no more.
pub(crate) async fn update_restricted(
    connection: &mut PgConnection,
    id: SessionId,
    restricted: bool,
) -> sqlx::Result<()> {
    sqlx::query("update sessions set restricted = $2 where id = $1")
        .bind(id.as_uuid())
        .bind(restricted)
        .execute(connection)
        .await
        .map(drop)
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
