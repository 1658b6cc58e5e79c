//! One read of the outbox, and what becomes of each row.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use sqlx::FromRow;
use tokio::time::timeout;
use uuid::Uuid;

use super::Relay;
use crate::error::BusError;
use crate::event::{OutgoingEvent, mirror_topic};
use crate::producer::DeliveryFuture;
use crate::shard::ShardSet;

/// How long the rows of a batch wait for their copies, so that a crash loses none. A topic that is missing is known to be
/// so only after half a minute, and the stream must not stand still for that.
const COPIES_PATIENCE: Duration = Duration::from_secs(1);

/// Topic and key: what is kept in order.
type Lane = (String, String);

#[derive(FromRow)]
struct Row {
    id: Uuid,
    topic: String,
    key: String,
    payload: Vec<u8>,
}

struct Sent {
    id: Uuid,
    lane: Lane,
    delivery: DeliveryFuture,
    mirror: Option<DeliveryFuture>,
}

#[derive(Default)]
struct Settled {
    published: Vec<Uuid>,
    /// What can never be published as it is, and why.
    refused: Vec<(Uuid, BusError)>,
    /// What may go better next time.
    failure: Option<BusError>,
}

impl Relay {
    /// Sends what is there without waiting between rows, then waits for the acknowledgements, then deletes. Returns the
    /// number of rows that are done.
    pub(super) async fn publish_batch(&self, shards: ShardSet) -> Result<usize, BusError> {
        if shards.is_empty() {
            return Ok(0);
        }
        let rows = self.list(shards).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let mut settled = Settled::default();
        let mut sent = Vec::with_capacity(rows.len());
        let mut waiting = HashSet::new();
        for row in rows {
            let (id, lane) = (row.id, (row.topic.clone(), row.key.clone()));
            if waiting.contains(&lane) {
                continue;
            }
            match self.send(row, &lane).await {
                Ok(one) => sent.push(one),
                Err(error) => {
                    // What was sent before still counts; without a producer there is nothing more to send.
                    let is_over = matches!(error, BusError::Fatal | BusError::Closed);
                    settled.fail(id, error);
                    if is_over {
                        break;
                    }
                    waiting.insert(lane);
                }
            }
        }
        settled.settle(sent).await;
        self.store(settled).await
    }

    async fn list(&self, shards: ShardSet) -> Result<Vec<Row>, BusError> {
        let rows = sqlx::query_as(
            "select id, topic, key, payload from outbox as one
              where shard = any($1) and refusal is null
                and not exists (select from outbox as earlier
                                 where earlier.refusal is not null and earlier.topic = one.topic
                                   and earlier.key = one.key and earlier.ordinal < one.ordinal)
              order by ordinal limit $2",
        );
        Ok(rows.bind(shards.to_vec()).bind(i64::from(self.config.batch)).fetch_all(&self.pool).await?)
    }

    async fn store(&self, settled: Settled) -> Result<usize, BusError> {
        let done = settled.published.len() + settled.refused.len();
        if !settled.published.is_empty() {
            sqlx::query("delete from outbox where id = any($1)")
                .bind(&settled.published)
                .execute(&self.pool)
                .await?;
        }
        for (id, error) in settled.refused {
            tracing::error!(event = %id, %error, "an event cannot be published and is set aside; its key waits");
            sqlx::query("update outbox set refusal = $2 where id = $1")
                .bind(id)
                .bind(error.to_string())
                .execute(&self.pool)
                .await?;
        }
        settled.failure.map_or(Ok(done), Err)
    }

    async fn send(&self, row: Row, lane: &Lane) -> Result<Sent, BusError> {
        let event = OutgoingEvent::from_stored(row.topic, row.key, Bytes::from(row.payload))?;
        let delivery = self.enqueue_patiently(&event).await?;
        let mirror = self.copy(event).await?;
        Ok(Sent { id: row.id, lane: lane.clone(), delivery, mirror })
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

impl Settled {
    /// Waits for every acknowledgement. Of a key whose event failed, nothing after it counts as published: it is sent again
    /// behind it. What becomes of the copies decides nothing.
    async fn settle(&mut self, sent: Vec<Sent>) {
        let mut failed = HashSet::new();
        let mut copies = Vec::new();
        for one in sent {
            match one.delivery.await {
                _ if failed.contains(&one.lane) => {}
                Ok(()) => {
                    self.published.push(one.id);
                    copies.extend(one.mirror.map(|copy| (one.id, copy)));
                }
                Err(error) => {
                    failed.insert(one.lane);
                    self.fail(one.id, error);
                }
            }
        }
        if timeout(COPIES_PATIENCE, stored(copies)).await.is_err() {
            tracing::warn!("the copies of a batch take too long; it does not wait for them");
        }
    }

    fn fail(&mut self, id: Uuid, error: BusError) {
        if is_for_good(&error) { self.refused.push((id, error)) } else { self.failure = Some(error) }
    }
}

/// Waits for the copies; the producer counts those that fail.
async fn stored(copies: Vec<(Uuid, DeliveryFuture)>) {
    for (id, copy) in copies {
        if let Err(error) = copy.await {
            tracing::warn!(event = %id, %error, "a copy was not stored; it is left out");
        }
    }
}

/// Whether the event itself is what is refused. A topic that is missing or closed to us is not: all its events wait.
fn is_for_good(error: &BusError) -> bool {
    match error {
        BusError::Envelope(_) => true,
        BusError::Kafka(KafkaError::MessageProduction(code)) => matches!(
            code,
            RDKafkaErrorCode::MessageSizeTooLarge
                | RDKafkaErrorCode::InvalidMessageSize
                | RDKafkaErrorCode::InvalidRecord
        ),
        _ => false,
    }
}
