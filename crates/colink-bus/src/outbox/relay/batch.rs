//! One read of the outbox.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use sqlx::FromRow;
use uuid::Uuid;

use super::Relay;
use super::in_flight::{InFlight, Lane, Sent};
use crate::error::BusError;
use crate::event::{OutgoingEvent, mirror_topic};
use crate::producer::DeliveryFuture;
use crate::shard::ShardSet;

#[derive(FromRow)]
struct Row {
    id: Uuid,
    topic: String,
    key: String,
    payload: Vec<u8>,
}

impl Relay {
    /// Sends what is there without waiting between rows, then waits for the acknowledgements, then deletes. What is not
    /// acknowledged in time stays in flight. Returns the number of rows that are done.
    pub(super) async fn publish_batch(
        &self,
        shards: ShardSet,
        in_flight: &mut InFlight,
    ) -> Result<usize, BusError> {
        // What the batch before could not delete would be sent once more.
        self.store(in_flight).await?;
        let rows = self.list(shards, in_flight).await?;
        let mut waiting = HashSet::new();
        for row in rows {
            let (id, lane) = (row.id, (row.topic.clone(), row.key.clone()));
            if waiting.contains(&lane) {
                continue;
            }
            match self.send(row, &lane).await {
                Ok(sent) => in_flight.add(sent),
                Err(error) => {
                    // What was sent before still counts; without a producer there is nothing more to send.
                    let is_over = matches!(error, BusError::Fatal | BusError::Closed);
                    in_flight.fail(id, &lane, error);
                    if is_over {
                        break;
                    }
                    waiting.insert(lane);
                }
            }
        }
        in_flight.settle().await;
        let done = self.store(in_flight).await?;
        in_flight.failure.take().map_or(Ok(done), Err)
    }

    /// The first rows that may be sent now: those of open lanes would overtake what is on its way there.
    async fn list(&self, shards: ShardSet, in_flight: &mut InFlight) -> Result<Vec<Row>, BusError> {
        if shards.is_empty() || in_flight.is_full() {
            return Ok(Vec::new());
        }
        let resting = in_flight.resting_topics();
        let (topics, keys) = in_flight.open_lanes();
        let rows = sqlx::query_as(
            "select id, topic, key, payload from outbox as one
              where shard = any($1) and refusal is null and topic <> all($3)
                and (topic, key) not in (select * from unnest($4::text[], $5::text[]))
                and not exists (select from outbox as earlier
                                 where earlier.refusal is not null and earlier.topic = one.topic
                                   and earlier.key = one.key and earlier.ordinal < one.ordinal)
              order by ordinal limit $2",
        );
        let rows = rows.bind(shards.to_vec()).bind(i64::from(self.config.batch));
        Ok(rows.bind(resting).bind(topics).bind(keys).fetch_all(&self.pool).await?)
    }

    /// Notes in the table what became of rows, and returns their number.
    async fn store(&self, in_flight: &mut InFlight) -> Result<usize, BusError> {
        let done = in_flight.published.len() + in_flight.refused.len();
        if !in_flight.published.is_empty() {
            sqlx::query("delete from outbox where id = any($1)")
                .bind(&in_flight.published)
                .execute(&self.pool)
                .await?;
            in_flight.published.clear();
        }
        for (id, error) in std::mem::take(&mut in_flight.refused) {
            tracing::error!(event = %id, %error, "an event cannot be published and is set aside; its key waits");
            sqlx::query("update outbox set refusal = $2 where id = $1")
                .bind(id)
                .bind(error.to_string())
                .execute(&self.pool)
                .await?;
        }
        Ok(done)
    }

    async fn send(&self, row: Row, lane: &Lane) -> Result<Sent, BusError> {
        let event = OutgoingEvent::from_stored(row.topic, row.key, Bytes::from(row.payload))?;
        let delivery = self.enqueue_patiently(&event).await?;
        let mirror = self.copy(event).await?;
        Ok(Sent::new(row.id, lane.clone(), delivery, mirror))
    }

    /// Sends the copy for outside consumers, if the type has one. A copy that is refused must not hold up the fleet's own
    /// stream; the producer counts it.
    async fn copy(&self, event: OutgoingEvent) -> Result<Option<DeliveryFuture>, BusError> {
        let Some(topic) = mirror_topic(&event.head.kind).filter(|_| self.producer.mirrors()) else {
            return Ok(None);
        };
        match self.enqueue_patiently(&OutgoingEvent { topic: topic.into(), ..event }).await {
            Ok(delivery) => Ok(Some(delivery)),
            Err(error @ (BusError::Fatal | BusError::Closed)) => Err(error),
            Err(error) => {
                tracing::warn!(topic, %error, "the producer refused a copy; it is left out");
                Ok(None)
            }
        }
    }

    async fn enqueue_patiently(&self, event: &OutgoingEvent) -> Result<DeliveryFuture, BusError> {
        loop {
            match self.producer.enqueue(event) {
                Err(BusError::QueueFull) => tokio::time::sleep(Duration::from_millis(5)).await,
                outcome => return outcome,
            }
        }
    }
}
