//! What becomes of the rows that were sent.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;

use crate::error::BusError;
use crate::producer::DeliveryFuture;

/// How long a batch waits for its acknowledgements. What takes longer is left open, so that a partition without a leader
/// holds up its own keys and no others.
const ACKS_PATIENCE: Duration = Duration::from_secs(1);
/// How long the rows of a batch wait for their copies, so that a crash loses none. A topic that is missing is known to be
/// so only after half a minute, and the stream must not stand still for that.
const COPIES_PATIENCE: Duration = Duration::from_secs(1);
/// How long a topic is left out after a failure: its rows would else stand before those of all others in every read.
const TOPIC_REST: Duration = Duration::from_secs(1);
/// With so many rows open nothing more is sent: they are in memory, and in the queue that others use too.
const OPEN_ROWS: usize = 2000;

/// Topic and key: what is kept in order.
pub(super) type Lane = (String, String);

/// A row that was given to the producer.
pub(super) struct Sent {
    id: Uuid,
    lane: Lane,
    delivery: DeliveryFuture,
    mirror: Option<DeliveryFuture>,
    wait_until: Instant,
}

impl Sent {
    pub(super) fn new(
        id: Uuid,
        lane: Lane,
        delivery: DeliveryFuture,
        mirror: Option<DeliveryFuture>,
    ) -> Self {
        Self { id, lane, delivery, mirror, wait_until: Instant::now() + ACKS_PATIENCE }
    }
}

/// What one batch leaves to the next.
#[derive(Default)]
pub(super) struct InFlight {
    /// Without acknowledgement, in the order in which they were sent.
    open: Vec<Sent>,
    /// Lanes of `open` of which an event failed: what was sent behind it is sent again.
    failed: HashSet<Lane>,
    /// Topics that failed, and until when they are left out.
    resting: HashMap<String, Instant>,
    /// What is in the stream and not deleted yet.
    pub(super) published: Vec<Uuid>,
    /// What can never be published as it is, and why.
    pub(super) refused: Vec<(Uuid, BusError)>,
    /// What may go better next time.
    pub(super) failure: Option<BusError>,
}

impl InFlight {
    pub(super) fn is_full(&self) -> bool {
        self.open.len() >= OPEN_ROWS
    }

    pub(super) fn add(&mut self, sent: Sent) {
        self.open.push(sent);
    }

    /// Topics and keys of the open rows: nothing more may be sent of them.
    pub(super) fn open_lanes(&self) -> (Vec<&str>, Vec<&str>) {
        self.open.iter().map(|one| (one.lane.0.as_str(), one.lane.1.as_str())).unzip()
    }

    /// The topics that are left out now.
    pub(super) fn resting_topics(&mut self) -> Vec<String> {
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        self.resting.keys().cloned().collect()
    }

    /// Takes up the acknowledgements; waits for those of rows that were sent just now. Of a key whose event failed, nothing
    /// after it counts as published: it is sent again behind it. What becomes of the copies decides nothing.
    pub(super) async fn settle(&mut self) {
        let mut copies = Vec::new();
        let mut open_lanes = HashSet::new();
        for mut one in std::mem::take(&mut self.open) {
            // What follows an open row is not looked at: should that one fail, it would be sent again behind it.
            if open_lanes.contains(&one.lane) {
                self.open.push(one);
                continue;
            }
            let Ok(stored) = timeout_at(one.wait_until, &mut one.delivery).await else {
                open_lanes.insert(one.lane.clone());
                self.open.push(one);
                continue;
            };
            match stored {
                _ if self.failed.contains(&one.lane) => {}
                Ok(()) => {
                    self.published.push(one.id);
                    copies.extend(one.mirror.map(|copy| (one.id, copy)));
                }
                Err(error) => {
                    self.fail(one.id, &one.lane, error);
                    self.failed.insert(one.lane);
                }
            }
        }
        self.failed.retain(|lane| open_lanes.contains(lane));
        if timeout(COPIES_PATIENCE, await_copies(copies)).await.is_err() {
            tracing::warn!("the copies of a batch take too long; it does not wait for them");
        }
    }

    /// Notes that a row was not sent or not stored.
    pub(super) fn fail(&mut self, id: Uuid, lane: &Lane, error: BusError) {
        if is_for_good(&error) {
            self.refused.push((id, error));
        } else {
            self.resting.insert(lane.0.clone(), Instant::now() + TOPIC_REST);
            self.failure = Some(error);
        }
    }
}

/// Waits for the copies; the producer counts those that fail.
async fn await_copies(copies: Vec<(Uuid, DeliveryFuture)>) {
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
