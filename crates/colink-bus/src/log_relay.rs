//! The relay of a gap-free log: a committed event is handed over in memory and produced within microseconds; the log is the
//! safety net.
//!
//! Per channel, rows leave in the order of `seq`. Sends do not wait for acknowledgements. Every 50 ms the highest number up
//! to which everything is acknowledged is marked as `published_seq` (with the copies for outsiders, which are gathered for
//! 250 ms), in channels in which no post is being stored at that moment; one that is passed over for a second is waited for.
//! The log is read above that number when a replica starts or takes a shard over, when a row is missing in front of others
//! for 100 ms, and when rows were refused because the memory is full or belong to another replica's shard. Nothing is lost
//! and nothing is skipped; after a crash or a takeover a stretch may come twice.

mod board;
mod contiguous;
mod engine;
mod handle;
mod lane;
mod reading;
mod sending;

pub(crate) use board::{AckBoard, Ticket};
pub use handle::{HandOver, LogRelayHandle};

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use colink_core::id::ChannelId;
use colink_events::Topic;
use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::error::BusError;
use crate::event::EventHead;
use crate::lease::{LeaseClass, ShardLeases};
use crate::producer::Producer;
use crate::shard::ShardSet;
use engine::Engine;

const LEASE: LeaseClass = LeaseClass { key: 0x434c_0002, name: "log" };

/// One row of the log, ready to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// The channel: the key in the topic.
    pub channel_id: ChannelId,
    /// The row's number in the channel; the first is 1, and there are no holes.
    pub seq: i64,
    /// The event's headers.
    pub head: EventHead,
    /// The envelope, serialised once, before the commit.
    pub payload: Bytes,
}

impl LogRow {
    /// A row as it was stored; the head is read from the envelope.
    ///
    /// # Errors
    /// [`BusError::Envelope`] when the bytes are not an envelope.
    pub fn from_stored(channel_id: ChannelId, seq: i64, payload: Bytes) -> Result<Self, BusError> {
        Ok(Self { channel_id, seq, head: EventHead::parse(&payload)?, payload })
    }
}

/// A channel with rows above its `published_seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    /// The channel.
    pub channel_id: ChannelId,
    /// Everything up to and with it is stored by the broker.
    pub published_seq: i64,
    /// The highest number in the log.
    pub last_seq: i64,
}

/// Why the log could not be read or marked. It is tried again.
pub type LogError = Box<dyn std::error::Error + Send + Sync>;

/// What to do about a channel whose row is locked by a post that is being stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locked {
    /// Leave it out: its mark can wait, but posts cannot. Whoever waited would hold the rows that he has already.
    Skip,
    /// Wait for it.
    Wait,
}

/// The log, as the relay needs it. Implemented by the service that owns the tables.
#[async_trait]
pub trait ChannelLog: Send + Sync + 'static {
    /// Channels of `shards` whose `last_seq` is above their `published_seq`, with an id above `after`, by id, at most
    /// `limit`. Called every 250 ms, so it needs a partial index on exactly that.
    async fn behind(
        &self,
        shards: &[i16],
        after: Option<ChannelId>,
        limit: i64,
    ) -> Result<Vec<Behind>, LogError>;

    /// Rows of one channel with a number above `after`, by number, at most `limit`.
    async fn after(&self, channel_id: ChannelId, after: i64, limit: i64) -> Result<Vec<LogRow>, LogError>;

    /// Raises `published_seq` of each channel to the given number; a lower number changes nothing. Answers the channels
    /// that are marked now; with [`Locked::Wait`] all count as such.
    async fn mark_published(
        &self,
        marks: &[(ChannelId, i64)],
        locked: Locked,
    ) -> Result<Vec<ChannelId>, LogError>;
}

/// Limits and rhythm of the relay. The defaults are what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRelayConfig {
    /// Rows that wait to be taken up by the relay.
    pub queue_rows: usize,
    /// Payload bytes in the relay's memory above which a hand-over is refused.
    pub memory_bytes: usize,
    /// Records without acknowledgement.
    pub in_flight: usize,
    /// How often acknowledgements become marks.
    pub mark_every: Duration,
    /// How long a missing row is waited for before the log is read.
    pub hole_patience: Duration,
    /// How often the log is searched for rows that were not handed over.
    pub sweep_every: Duration,
    /// Rows of one read.
    pub read_rows: usize,
}

impl Default for LogRelayConfig {
    fn default() -> Self {
        Self {
            queue_rows: 8192,
            memory_bytes: 64 << 20,
            // Below the producer's own limit, which other users of it share.
            in_flight: crate::config::QUEUE_MESSAGES * 8 / 10,
            mark_every: Duration::from_millis(50),
            hole_patience: Duration::from_millis(100),
            sweep_every: Duration::from_millis(250),
            read_rows: 256,
        }
    }
}

/// Publishes a log to `colink.messages`.
pub struct LogRelay<L> {
    engine: Engine<L>,
    rows: mpsc::Receiver<handle::Handed>,
    pool: PgPool,
}

impl<L: ChannelLog> LogRelay<L> {
    /// A relay that does nothing until it [runs](Self::run), and the handle for those who commit. `pool` leads to the
    /// database of the log; one connection of it is taken out for the leases.
    #[must_use]
    pub fn new(log: L, pool: PgPool, producer: Producer, config: LogRelayConfig) -> (Self, LogRelayHandle) {
        let (sender, rows) = mpsc::channel(config.queue_rows);
        let handle = LogRelayHandle::new(sender, config.memory_bytes, producer.metrics());
        let topic = producer.topic(Topic::Messages.name());
        let engine = Engine::new(Arc::new(log), producer, config, topic, &handle);
        (Self { engine, rows, pool }, handle)
    }

    /// Publishes until cancelled, then finishes what is in memory for at most 3 s. A broker or database that is away is
    /// waited for.
    ///
    /// # Errors
    /// [`BusError::Fatal`] when the producer has to be replaced, which is for the process to do.
    pub async fn run(self, cancel: CancellationToken) -> Result<(), BusError> {
        let gauge = self.engine.producer().metrics().shards.with_label_values(&[LEASE.name]);
        let (leases, owned) = ShardLeases::new(self.pool, LEASE, gauge);
        // The leases are kept until the publishing has ended, whichever way.
        let lease_cancel = CancellationToken::new();
        let publishing = async {
            let outcome = self.engine.run(self.rows, owned, cancel).await;
            lease_cancel.cancel();
            outcome
        };
        let ((), outcome) = tokio::join!(leases.run(lease_cancel.clone()), publishing);
        outcome
    }
}

/// Whether a channel belongs to one of the shards.
fn owns(shards: ShardSet, channel_id: ChannelId) -> bool {
    shards.contains(crate::shard::shard_of_channel(channel_id))
}
