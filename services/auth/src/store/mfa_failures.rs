//! Wrong codes of a user since the last right one. In the database and not in Redis: a lost count would be a new chance
//! to guess, and the count is kept in the transaction of the attempt.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use sqlx::{PgConnection, PgExecutor};

/// Until when codes are not looked at; `None` when they are.
pub(crate) async fn find_lock(
    executor: impl PgExecutor<'_>,
    user_id: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("select locked_until from mfa_failures where user_id = $1 and locked_until > $2")
        .bind(user_id.as_uuid())
        .bind(now)
        .fetch_optional(executor)
        .await
}

/// Counts a failure, and says how many there were.
pub(crate) async fn update_failed(connection: &mut PgConnection, user_id: UserId) -> sqlx::Result<i32> {
    sqlx::query_scalar(
        "insert into mfa_failures as kept (user_id, failures) values ($1, 1)
         on conflict (user_id) do update set failures = kept.failures + 1
         returning failures",
    )
    .bind(user_id.as_uuid())
    .fetch_one(connection)
    .await
}

/// Closes codes for a while.
pub(crate) async fn update_locked(
    connection: &mut PgConnection,
    user_id: UserId,
    until: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update mfa_failures set locked_until = $2 where user_id = $1")
        .bind(user_id.as_uuid())
        .bind(until)
        .execute(connection)
        .await
        .map(drop)
}

/// A right code was given: the count begins anew.
pub(crate) async fn delete(connection: &mut PgConnection, user_id: UserId) -> sqlx::Result<()> {
    sqlx::query("delete from mfa_failures where user_id = $1")
        .bind(user_id.as_uuid())
        .execute(connection)
        .await
        .map(drop)
}
