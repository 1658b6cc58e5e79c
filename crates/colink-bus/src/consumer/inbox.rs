//! The inbox: which events have had their effect in this database.

use std::time::Duration;

use chrono::{DateTime, Utc};
use colink_core::id::EventId;
use sqlx::{PgConnection, PgPool};

/// The statements that make the table; a service puts the same text into its first migration.
pub const SCHEMA: &str = include_str!("../../inbox/schema.sql");

/// Notes, in the transaction of the effect, that `consumer` has handled the event. `false` means that it had already: leave
/// the effect out. Two replicas with the same event wait for each other here.
///
/// # Errors
/// What the database says.
pub async fn first_time(
    transaction: &mut PgConnection,
    consumer: &str,
    id: EventId,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "insert into inbox (consumer, event_id, received_at) values ($1, $2, $3) on conflict do nothing",
    )
    .bind(consumer)
    .bind(id.as_uuid())
    .bind(now)
    .execute(transaction)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Deletes rows older than `age`, which must be longer than the retention of the streams (7 days). Returns their number.
///
/// # Errors
/// What the database says.
pub async fn prune(pool: &PgPool, now: DateTime<Utc>, age: Duration) -> Result<u64, sqlx::Error> {
    let before = now - chrono::Duration::from_std(age).unwrap_or(chrono::Duration::MAX);
    let deleted = sqlx::query("delete from inbox where received_at < $1").bind(before).execute(pool).await?;
    Ok(deleted.rows_affected())
}
