//! The transactional outbox: an event is a row in the transaction that makes the change, and a relay publishes it.
//!
//! The table is [`SCHEMA`]; a service puts the same text into its first migration.

mod relay;

pub use relay::{Relay, RelayConfig, RelayHandle};

use colink_core::clock::Clock;
use colink_core::id::EventId;
use colink_events::{Cause, Event};
use sqlx::{PgConnection, PgPool};

use crate::error::BusError;
use crate::event::OutgoingEvent;
use crate::shard::shard_of;

/// The statements that make the table.
pub const SCHEMA: &str = include_str!("../outbox/schema.sql");

/// Why an event could not be put into the outbox.
pub type OutboxError = BusError;

/// Adds an event to the caller's transaction. Call it after the aggregate's row was written, wake the relay after commit.
///
/// # Errors
/// [`BusError::Envelope`] when it cannot be serialised, [`BusError::Database`].
pub async fn enqueue<E: Event>(
    transaction: &mut PgConnection,
    event: &E,
    cause: &Cause,
    clock: &dyn Clock,
) -> Result<EventId, OutboxError> {
    let outgoing = OutgoingEvent::seal(event, cause, clock)?;
    sqlx::query(
        "insert into outbox (id, topic, key, type, payload, shard, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(outgoing.head.id.as_uuid())
    .bind(outgoing.topic.as_ref())
    .bind(&outgoing.key)
    .bind(outgoing.head.kind.as_ref())
    .bind(outgoing.payload.as_ref())
    .bind(shard_of(outgoing.key.as_bytes()))
    .bind(outgoing.head.at.as_datetime())
    .execute(transaction)
    .await?;
    Ok(outgoing.head.id)
}

/// Whether every committed event has been published, those that were set aside too. For tests: a service that is at rest has
/// an empty outbox.
///
/// # Errors
/// [`BusError::Database`].
pub async fn drained(pool: &PgPool) -> Result<bool, OutboxError> {
    let waiting: bool = sqlx::query_scalar("select exists (select 1 from outbox)").fetch_one(pool).await?;
    Ok(!waiting)
}
