//! What the loop of a consumer knows of an assigned partition.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;

use super::dead_letters::Parked;
use super::record::{Item, Place, Record};
use super::worker::Worker;
use crate::backoff::Backoff;
use crate::error::BusError;

/// What a piece of work beside the loop ended with. The generation tells a partition from the same one after a rebalance.
pub(super) enum Done {
    Handled { place: Place, generation: u64, offset: Option<i64>, outcome: Result<(), BusError> },
    Loaded { generation: u64, parked: HashMap<Place, Parked> },
}

pub(super) type Work = Pin<Box<dyn Future<Output = Done> + Send>>;

/// An assigned partition.
pub(super) struct Partition {
    pub(super) generation: u64,
    pub(super) waiting: VecDeque<Item>,
    /// Its parked keys are known.
    pub(super) loaded: bool,
    /// One of its records is being handled, or it is in the queue of those that may begin.
    pub(super) busy: bool,
    pub(super) paused: bool,
}

impl Partition {
    /// A partition that was just assigned.
    pub(super) fn new(generation: u64) -> Self {
        Self { generation, waiting: VecDeque::new(), loaded: false, busy: false, paused: false }
    }

    /// What is handled next: the dead letters of a key, or the records that follow each other, `most` of them at most.
    pub(super) fn next(&mut self, most: usize) -> Option<Turn> {
        let mut records = match self.waiting.pop_front()? {
            Item::Redrive(letters) => return Some(Turn::Redrive(letters)),
            Item::Record(record) => vec![record],
        };
        while records.len() < most
            && let Some(Item::Record(record)) =
                self.waiting.pop_front_if(|item| matches!(item, Item::Record(_)))
        {
            records.push(record);
        }
        Some(Turn::Stretch(records))
    }
}

/// What a partition has its turn with.
pub(super) enum Turn {
    /// Records that follow each other.
    Stretch(Vec<Record>),
    /// The dead letters of one key, in their original order.
    Redrive(Vec<Record>),
}

/// Reads which keys are parked, until that works: without knowing it, a parked key's events would overtake it.
pub(super) async fn load_parked(worker: &Arc<Worker>, places: Vec<Place>) -> HashMap<Place, Parked> {
    let mut failures = 0;
    loop {
        let (reader, wanted) = (Arc::clone(worker), places.clone());
        let read =
            tokio::task::spawn_blocking(move || reader.dead_letters.read_parked(&wanted, &reader.moves))
                .await;
        match read.unwrap_or(Err(BusError::Closed)) {
            Ok(parked) => return parked,
            Err(error) => {
                failures += 1;
                tracing::warn!(group = worker.group, %error, "the dead letters could not be read");
                tokio::time::sleep(Backoff::OUTAGE.after(failures)).await;
            }
        }
    }
}
