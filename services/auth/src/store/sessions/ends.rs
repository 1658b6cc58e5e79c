//! How sign-ins end.

use chrono::{DateTime, Utc};
use colink_core::id::{SessionId, UserId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::store::batches;

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

/// Ends up to `limit` sessions whose time has passed, and says which and whose. Replicas do not wait for one another.
pub(crate) async fn update_due_revoked(
    connection: &mut PgConnection,
    reason: &str,
    now: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<(UserId, SessionId)>> {
    let ended: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "update sessions set revoked_at = $1, revoked_reason = $2
          where id in (select id from sessions
                        where revoked_at is null and expires_at <= $1
                        order by expires_at limit $3
                          for update skip locked)
         returning user_id, id",
    )
    .bind(now)
    .bind(reason)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(ended.into_iter().map(|(user, id)| (user.into(), id.into())).collect())
}

/// Deletes sessions that ended before `before`, with the refresh tokens that they still have, and says how many.
pub(crate) async fn delete_ended(pool: &PgPool, before: DateTime<Utc>) -> sqlx::Result<u64> {
    batches::delete(pool, "sessions", "expires_at < $1", before).await
}
