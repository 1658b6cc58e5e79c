//! The hand-over: what a request does with its committed event.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::Instant;

use colink_core::id::ChannelId;
use colink_telemetry::metrics::IntCounter;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::{LogRow, owns};
use crate::metrics::BusMetrics;
use crate::shard::ShardSet;

/// What became of a hand-over. In every case the event will be published: the row is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOver {
    /// It is on its way.
    Taken,
    /// Another replica owns the shard: pass the event to it, or leave it to its sweep (up to 0.5 s later).
    NotOwner,
    /// The memory is full or the relay has stopped: it will be read from the log.
    Refused,
}

/// Hands committed events to the relay of this process. Cheap to clone, never waits.
#[derive(Clone)]
pub struct LogRelayHandle {
    sender: mpsc::Sender<Handed>,
    shared: Arc<Shared>,
}

struct Shared {
    owned: AtomicU16,
    memory: Arc<AtomicUsize>,
    memory_bytes: usize,
    taken: IntCounter,
    not_owner: IntCounter,
    full: IntCounter,
    closed: IntCounter,
}

/// A row in the relay's memory.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) row: LogRow,
    /// When it was handed over; absent for rows that were read from the log.
    pub(super) handed_at: Option<Instant>,
    _charge: Charge,
}

pub(super) struct Handed {
    pub(super) held: Held,
    pub(super) published_seq: i64,
}

/// A row's share of the memory, given back when the row is dropped, wherever that is.
#[derive(Debug)]
struct Charge {
    memory: Arc<AtomicUsize>,
    bytes: usize,
}

/// What a row costs beside its payload.
const ROW_BYTES: usize = 256;

impl Held {
    pub(super) fn new(row: LogRow, handed_at: Option<Instant>, memory: &Arc<AtomicUsize>) -> Self {
        let bytes = row.payload.len() + ROW_BYTES;
        memory.fetch_add(bytes, Ordering::Relaxed);
        Self { row, handed_at, _charge: Charge { memory: Arc::clone(memory), bytes } }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.memory.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl LogRelayHandle {
    pub(super) fn new(sender: mpsc::Sender<Handed>, memory_bytes: usize, metrics: &BusMetrics) -> Self {
        let outcome = |name: &str| metrics.handed_over.with_label_values(&[name]);
        let shared = Shared {
            owned: AtomicU16::new(0),
            memory: Arc::default(),
            memory_bytes,
            taken: outcome("taken"),
            not_owner: outcome("not_owner"),
            full: outcome("full"),
            closed: outcome("closed"),
        };
        Self { sender, shared: Arc::new(shared) }
    }

    /// Hands over a row that is committed. `published_seq` is the channel's value as the writing statement returned it:
    /// it tells a relay that does not know the channel yet where to begin.
    pub fn publish(&self, row: LogRow, published_seq: i64) -> HandOver {
        if !self.owns(row.channel_id) {
            self.shared.not_owner.inc();
            return HandOver::NotOwner;
        }
        if self.shared.memory.load(Ordering::Relaxed) >= self.shared.memory_bytes {
            self.shared.full.inc();
            return HandOver::Refused;
        }
        let held = Held::new(row, Some(Instant::now()), &self.shared.memory);
        match self.sender.try_send(Handed { held, published_seq }) {
            Ok(()) => {
                self.shared.taken.inc();
                HandOver::Taken
            }
            Err(TrySendError::Full(_)) => {
                self.shared.full.inc();
                HandOver::Refused
            }
            Err(TrySendError::Closed(_)) => {
                self.shared.closed.inc();
                HandOver::Refused
            }
        }
    }

    /// Whether this replica publishes the channel now.
    #[must_use]
    pub fn owns(&self, channel_id: ChannelId) -> bool {
        owns(self.owned(), channel_id)
    }

    /// The shards that this replica publishes now.
    #[must_use]
    pub fn owned(&self) -> ShardSet {
        ShardSet::from_bits(self.shared.owned.load(Ordering::Relaxed))
    }

    /// For the relay. Without a sender, so that the relay sees when the last publisher is gone.
    pub(super) fn status(&self) -> RelayStatus {
        RelayStatus { shared: Arc::clone(&self.shared) }
    }
}

/// The part of the handle that the relay itself writes.
pub(super) struct RelayStatus {
    shared: Arc<Shared>,
}

impl RelayStatus {
    pub(super) fn set_owned(&self, shards: ShardSet) {
        self.shared.owned.store(shards.bits(), Ordering::Relaxed);
    }

    pub(super) fn memory(&self) -> &Arc<AtomicUsize> {
        &self.shared.memory
    }
}
