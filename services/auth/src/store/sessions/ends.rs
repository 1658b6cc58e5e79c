//! How sign-ins end.

use chrono::{DateTime, Utc};
use colink_core::id::{SessionId, UserId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

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
