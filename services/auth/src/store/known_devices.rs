//! From where users have signed in.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use sqlx::{FromRow, PgConnection, PgExecutor, PgPool};

use super::batches;

/// A device that a user has signed in from.
#[derive(Debug, FromRow)]
pub(crate) struct KnownDevice {
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) last_seen_at: DateTime<Utc>,
}

/// Notes a sign-in; `true` when the user has other devices and this one is new. The user's row must be locked.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    user_id: UserId,
    fingerprint: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    // Every part of the statement sees the table as it was before.
    sqlx::query_scalar(
        "with noted as (
            insert into known_devices (user_id, fingerprint, last_seen_at) values ($1, $2, $3)
            on conflict (user_id, fingerprint) do update set last_seen_at = excluded.last_seen_at)
         select exists (select from known_devices where user_id = $1)
            and not exists (select from known_devices where user_id = $1 and fingerprint = $2)",
    )
    .bind(user_id.as_uuid())
    .bind(fingerprint.as_slice())
    .bind(now)
    .fetch_one(connection)
    .await
}

/// The user's devices, the one that was used last first.
pub(crate) async fn list(executor: impl PgExecutor<'_>, user_id: UserId) -> sqlx::Result<Vec<KnownDevice>> {
    sqlx::query_as(
        "select fingerprint, last_seen_at from known_devices where user_id = $1
          order by last_seen_at desc, fingerprint",
    )
    .bind(user_id.as_uuid())
    .fetch_all(executor)
    .await
}

/// Forgets devices that were not used since `before`, and says how many.
pub(crate) async fn delete_unused(pool: &PgPool, before: DateTime<Utc>) -> sqlx::Result<u64> {
    batches::delete(pool, "known_devices", "last_seen_at < $1", before).await
}
