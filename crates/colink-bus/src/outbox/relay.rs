//! Publishes the outbox: in order per key, at least once, by the owner of each shard.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sqlx::{FromRow, PgPool};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::error::BusError;
use crate::event::{OutgoingEvent, mirror_topic};
use crate::lease::{LeaseClass, ShardLeases};
use crate::producer::{DeliveryFuture, Producer};
use crate::shard::ShardSet;

const LEASE: LeaseClass = LeaseClass { key: 0x434c_0001, name: "outbox" };
const FINISH_PATIENCE: Duration = Duration::from_secs(3);
const DEPTH_EVERY: Duration = Duration::from_secs(5);

/// How the relay reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayConfig {
    /// Rows per read.
    pub batch: u16,
    /// How often it looks without being woken; bounds the delay of events of other replicas.
    pub poll: Duration,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self { batch: 500, poll: Duration::from_millis(250) }
    }
}

/// Publishes the rows of one database's outbox.
pub struct Relay {
    pool: PgPool,
    producer: Producer,
    config: RelayConfig,
    wake: Arc<Notify>,
}

/// Wakes the relay of this process. Cheap to clone.
#[derive(Clone)]
pub struct RelayHandle {
    wake: Arc<Notify>,
}

impl RelayHandle {
    /// Says that a transaction with events was committed. Never waits; calls that come together become one read.
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    topic: String,
    key: String,
    payload: Vec<u8>,
}

impl Relay {
    /// A relay that does nothing until it [runs](Self::run).
    #[must_use]
    pub fn new(pool: PgPool, producer: Producer, config: RelayConfig) -> Self {
        Self { pool, producer, config, wake: Arc::new(Notify::new()) }
    }

    /// The handle for those who commit.
    #[must_use]
    pub fn handle(&self) -> RelayHandle {
        RelayHandle { wake: Arc::clone(&self.wake) }
    }

    /// Publishes until cancelled. A broker or database that is away is waited for.
    ///
    /// # Errors
    /// [`BusError::Fatal`] when the producer has to be replaced, which is for the process to do.
    pub async fn run(self, cancel: CancellationToken) -> Result<(), BusError> {
        let gauge = self.producer.metrics().shards.with_label_values(&[LEASE.name]);
        let (leases, owned) = ShardLeases::new(self.pool.clone(), LEASE, gauge);
        // The leases end with the publishing, also when that fails.
        let lease_cancel = cancel.child_token();
        let publishing = async {
            let outcome = self.publish_until(&cancel, owned).await;
            lease_cancel.cancel();
            outcome
        };
        tokio::join!(leases.run(lease_cancel.clone()), publishing, self.measure_until(&lease_cancel)).1
    }

    async fn publish_until(
        &self,
        cancel: &CancellationToken,
        mut owned: watch::Receiver<ShardSet>,
    ) -> Result<(), BusError> {
        let mut failures = 0;
        while !cancel.is_cancelled() {
            let shards = *owned.borrow_and_update();
            let publishing = self.publish_batch(shards);
            tokio::pin!(publishing);
            let published = tokio::select! {
                published = &mut publishing => published,
                // What was sent is deleted, so that the next start does not repeat it; unless the broker is away.
                () = cancel.cancelled() => match tokio::time::timeout(FINISH_PATIENCE, publishing).await {
                    Ok(published) => published,
                    Err(_elapsed) => break,
                },
            };
            let wait = match published {
                Ok(rows) if rows >= usize::from(self.config.batch) => continue,
                Ok(_) => {
                    failures = 0;
                    self.config.poll
                }
                Err(BusError::Fatal | BusError::Closed) => return Err(BusError::Fatal),
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, failures, "the outbox could not be published");
                    Backoff::OUTAGE.after(failures)
                }
            };
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.wake.notified(), if failures == 0 => {}
                _ = owned.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        Ok(())
    }

    /// Sends what is there without waiting between rows, then waits for the acknowledgements, then deletes. Returns the
    /// number of rows that are done.
    async fn publish_batch(&self, shards: ShardSet) -> Result<usize, BusError> {
        if shards.is_empty() {
            return Ok(0);
        }
        let rows: Vec<Row> = sqlx::query_as(
            "select id, topic, key, payload from outbox where shard = any($1) order by ordinal limit $2",
        )
        .bind(shards.to_vec())
        .bind(i64::from(self.config.batch))
        .fetch_all(&self.pool)
        .await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let mut sent = Vec::with_capacity(rows.len());
        let mut stopped = Ok(());
        for row in rows {
            match self.send(row).await {
                Ok(one) => sent.push(one),
                // What was sent before still counts.
                Err(error) => {
                    stopped = Err(error);
                    break;
                }
            }
        }
        let done = settle(sent).await;
        let deleted = done.published.len();
        if deleted > 0 {
            sqlx::query("delete from outbox where id = any($1)")
                .bind(&done.published)
                .execute(&self.pool)
                .await?;
        }
        match done.failure {
            Some(error) => Err(error),
            None => stopped.map(|()| deleted),
        }
    }

    async fn send(&self, row: Row) -> Result<Sent, BusError> {
        let event = OutgoingEvent::from_stored(row.topic, row.key, Bytes::from(row.payload))?;
        let delivery = self.enqueue_patiently(&event).await?;
        let mirror = match mirror_topic(&event.head.kind).filter(|_| self.producer.mirrors()) {
            Some(topic) => {
                let copy = OutgoingEvent { topic: topic.into(), ..event.clone() };
                Some(self.enqueue_patiently(&copy).await?)
            }
            None => None,
        };
        Ok(Sent { id: row.id, lane: (event.topic.into_owned(), event.key), delivery, mirror })
    }

    async fn enqueue_patiently(&self, event: &OutgoingEvent) -> Result<DeliveryFuture, BusError> {
        loop {
            match self.producer.enqueue(event) {
                Err(BusError::QueueFull) => tokio::time::sleep(Duration::from_millis(5)).await,
                outcome => return outcome,
            }
        }
    }

    async fn measure_until(&self, cancel: &CancellationToken) {
        let metrics = self.producer.metrics();
        let depth = metrics.outbox_depth.with_label_values::<&str>(&[]);
        let oldest = metrics.outbox_oldest_seconds.with_label_values::<&str>(&[]);
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(DEPTH_EVERY) => {}
            }
            let measured: Result<(i64, i64), sqlx::Error> = sqlx::query_as(
                "select count(*), coalesce(extract(epoch from now() - min(created_at)), 0)::bigint from outbox",
            )
            .fetch_one(&self.pool)
            .await;
            // A database that is away is reported by the publishing loop.
            if let Ok((rows, seconds)) = measured {
                depth.set(rows);
                oldest.set(seconds.max(0));
            }
        }
    }
}

struct Sent {
    id: Uuid,
    lane: (String, String),
    delivery: DeliveryFuture,
    mirror: Option<DeliveryFuture>,
}

#[derive(Default)]
struct Settled {
    published: Vec<Uuid>,
    failure: Option<BusError>,
}

/// Waits for every acknowledgement. Of a key whose event failed, nothing after it counts as published: it is sent again
/// behind it.
async fn settle(sent: Vec<Sent>) -> Settled {
    let mut settled = Settled::default();
    let mut failed_keys = HashSet::new();
    for one in sent {
        let mut outcome = one.delivery.await;
        if let (Ok(()), Some(mirror)) = (&outcome, one.mirror) {
            outcome = mirror.await;
        }
        match outcome {
            Ok(()) if !failed_keys.contains(&one.lane) => settled.published.push(one.id),
            Ok(()) => {}
            Err(error) => {
                failed_keys.insert(one.lane);
                settled.failure = Some(error);
            }
        }
    }
    settled
}
