//! From a channel's rows to the producer, and back from the acknowledgements.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::board::{Ack, Ticket};
use super::engine::Engine;
use super::{ChannelLog, LogRow};
use crate::error::BusError;
use crate::event::mirror_topic;
use crate::producer::{Record, Sink};

/// Copies that wait for room, and copies without acknowledgement: a mirror that is stuck must not take the producer's queue
/// from the stream.
const MIRROR_ROWS: usize = 8192;
const MIRRORS_IN_FLIGHT: usize = 1000;
/// How long copies are gathered, unless there are many: nobody inside waits for them, and the broker is asked once for each
/// partition, however many records that is.
const MIRROR_EVERY: Duration = Duration::from_millis(250);

impl<L: ChannelLog> Engine<L> {
    /// Sends every row that is in order, as far as the producer takes them.
    pub(super) fn send_ready(&mut self) -> Result<(), BusError> {
        while let Some(channel_id) = self.ready.pop_front() {
            let Some(lane) = self.lanes.get_mut(&channel_id) else {
                continue;
            };
            lane.dequeued();
            while let Some((seq, held)) = lane.ready() {
                let taken = self.in_flight < self.config.in_flight
                    && accepted(self.producer.produce(Record {
                        topic: &self.topic,
                        partition: None,
                        key: channel_id.to_string().as_bytes(),
                        payload: &held.row.payload,
                        headers: held.row.head.headers(self.producer.source()),
                        at_ms: Some(held.row.head.at.as_millis()),
                        sink: Sink::Board(Arc::clone(&self.board), Ticket { channel_id, seq, mirror: false }),
                    }))?;
                if !taken {
                    // Acknowledgements make room; the tick tries again.
                    if lane.queue_up() {
                        self.ready.push_front(channel_id);
                    }
                    return Ok(());
                }
                if let Some(handed_at) = held.handed_at {
                    self.meters.handover.observe(handed_at.elapsed().as_secs_f64());
                }
                self.in_flight += 1;
                lane.sent();
            }
        }
        Ok(())
    }

    pub(super) fn take_acks(&mut self) {
        let now = Instant::now();
        let mut acks = std::mem::take(&mut self.acks);
        self.board.take(&mut acks);
        let mirrors = acks.iter().filter(|ack| ack.ticket.mirror).count();
        self.mirrors_in_flight = self.mirrors_in_flight.saturating_sub(mirrors);
        self.in_flight = self.in_flight.saturating_sub(acks.len() - mirrors);
        for ack in &acks {
            self.take_ack(*ack, now);
        }
        acks.clear();
        self.acks = acks;
    }

    fn take_ack(&mut self, ack: Ack, now: Instant) {
        let Ticket { channel_id, seq, mirror } = ack.ticket;
        let Some(lane) = self.lanes.get_mut(&channel_id) else {
            // The shard was lost; its new owner reads the log from the last mark on.
            return;
        };
        if mirror {
            // A copy that fails must not hold up the fleet's own stream; the failure is logged and counted.
            lane.settle(seq);
        } else if !ack.stored {
            lane.failed(seq, now);
        } else {
            let copied = lane
                .in_flight(seq)
                .filter(|held| self.producer.mirrors() && mirror_topic(&held.row.head.kind).is_some());
            match copied.map(|held| held.row.clone()) {
                Some(row) if self.to_mirror.len() < MIRROR_ROWS => {
                    lane.stored(seq);
                    self.to_mirror.push_back(row);
                }
                Some(_) => {
                    tracing::warn!(%channel_id, seq, "too many copies wait for their topic; one was left out");
                    lane.settle(seq);
                }
                None => lane.settle(seq),
            }
        }
    }

    /// Sends the copies that were gathered, when it is time.
    pub(super) fn mirror(&mut self) -> Result<(), BusError> {
        let now = Instant::now();
        let due = now.duration_since(self.mirrored_at) >= MIRROR_EVERY;
        if !self.to_mirror.is_empty() && (due || self.to_mirror.len() >= MIRRORS_IN_FLIGHT / 2) {
            self.mirrored_at = now;
            self.send_mirrors()?;
        }
        Ok(())
    }

    /// Sends the copies for outside consumers. They go after the acknowledgement of the event itself, in batches, so that
    /// they never stand before an event on the broker's connection.
    fn send_mirrors(&mut self) -> Result<(), BusError> {
        while self.mirrors_in_flight < MIRRORS_IN_FLIGHT
            && let Some(LogRow { channel_id, seq, head, payload }) = self.to_mirror.front()
        {
            let Some(name) = mirror_topic(&head.kind) else {
                self.to_mirror.pop_front();
                continue;
            };
            let ticket = Ticket { channel_id: *channel_id, seq: *seq, mirror: true };
            let outcome = self.producer.produce(Record {
                topic: &self.producer.topic(name),
                partition: None,
                key: channel_id.to_string().as_bytes(),
                payload,
                headers: head.headers(self.producer.source()),
                at_ms: Some(head.at.as_millis()),
                sink: Sink::Board(Arc::clone(&self.board), ticket),
            });
            match outcome {
                Ok(()) => self.mirrors_in_flight += 1,
                Err(BusError::QueueFull) => return Ok(()),
                Err(error @ (BusError::Fatal | BusError::Closed)) => return Err(error),
                Err(error) => {
                    // A topic that is missing or closed to us refuses at once: there is no acknowledgement to wait for.
                    tracing::warn!(topic = name, %error, "the producer refused a copy; it is left out");
                    if let Some(lane) = self.lanes.get_mut(channel_id) {
                        lane.settle(*seq);
                    }
                }
            }
            self.to_mirror.pop_front();
        }
        Ok(())
    }
}

/// Whether the producer took the record; only a producer that is broken for good is an error.
fn accepted(outcome: Result<(), BusError>) -> Result<bool, BusError> {
    match outcome {
        Ok(()) => Ok(true),
        Err(error @ (BusError::Fatal | BusError::Closed)) => Err(error),
        Err(BusError::QueueFull) => Ok(false),
        Err(error) => {
            tracing::warn!(%error, "the producer refused a row of the log; it is tried again");
            Ok(false)
        }
    }
}
