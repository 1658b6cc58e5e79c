//! Publishes the outbox: in order per key, at least once, by the owner of each shard.
//!
//! An event that can never be published as it is, because it cannot be read or the broker refuses it for what it is, is set
//! aside: its row stays with the reason in `refusal`, later rows of its key wait behind it, and other keys go on. Whoever
//! mended the row (or the limit) sets `refusal` to null; whoever gives it up deletes it.
//!
//! What is not acknowledged within a second stays in flight, and nothing more of its key is sent until it is known what became
//! of it; other keys go on. A topic that failed is left out for a second, so that its rows do not stand before all others.

mod batch;
mod in_flight;

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::error::BusError;
use crate::lease::{LeaseClass, ShardLeases};
use crate::producer::Producer;
use crate::shard::ShardSet;
use in_flight::InFlight;

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
        // The leases are kept until the publishing has ended, whichever way: a successor would send the last batch again.
        let lease_cancel = CancellationToken::new();
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
        let mut in_flight = InFlight::default();
        while !cancel.is_cancelled() {
            let shards = *owned.borrow_and_update();
            let publishing = self.publish_batch(shards, &mut in_flight);
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

    async fn measure_until(&self, cancel: &CancellationToken) {
        let metrics = self.producer.metrics();
        let depth = metrics.outbox_depth.with_label_values::<&str>(&[]);
        let oldest = metrics.outbox_oldest_seconds.with_label_values::<&str>(&[]);
        let set_aside = metrics.outbox_set_aside.with_label_values::<&str>(&[]);
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(DEPTH_EVERY) => {}
            }
            let measured: Result<(i64, i64, i64), sqlx::Error> = sqlx::query_as(
                "select count(*), coalesce(extract(epoch from now() - min(created_at)), 0)::bigint, count(refusal)
                   from outbox",
            )
            .fetch_one(&self.pool)
            .await;
            // A database that is away is reported by the publishing loop.
            if let Ok((rows, seconds, refused)) = measured {
                depth.set(rows);
                oldest.set(seconds.max(0));
                set_aside.set(refused);
            }
        }
    }
}
