//! Publishes the events that wait in documents: at least once, in order per file, by one replica at a time.
//!
//! A document is leased, its events are sent one after the other, each after the acknowledgement of the one before, then
//! they are taken out. While the broker is away the lease is renewed and the send goes on waiting, so that no other
//! replica overtakes it. A crash leaves the lease to end by itself ([`LEASE`]).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use colink_bus::{BusError, OutgoingEvent, Producer};
use colink_core::clock::SharedClock;
use colink_core::id::EventId;
use colink_core::time::Timestamp;
use futures_util::{StreamExt, stream};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::domain::file::later;
use crate::error::Result;
use crate::metrics::FilesMetrics;
use crate::store::pending_events::{Leased, PendingEvent, PendingEvents};

/// How long a document stays leased without a sign of life.
const LEASE: Duration = Duration::from_secs(15);
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// Documents leased at once, and published side by side.
const BATCH: usize = 16;
/// A mirror that does not work must not hold up the stream.
const MIRROR_PATIENCE: Duration = Duration::from_secs(5);
/// What the last requests wrote goes out within this time.
const LAST_PASS: Duration = Duration::from_secs(3);
const COUNT_EVERY: Duration = Duration::from_secs(10);

/// The relay of one replica.
#[derive(Clone)]
pub(crate) struct Relay {
    pub(crate) sources: [PendingEvents; 2],
    pub(crate) producer: Producer,
    /// Whether mirrored types are also sent to the topic of their name.
    pub(crate) mirror: bool,
    pub(crate) clock: SharedClock,
    pub(crate) wake: Arc<Notify>,
    pub(crate) poll: Duration,
    pub(crate) metrics: FilesMetrics,
}

impl Relay {
    /// Publishes until cancelled, and once more after that.
    pub(crate) async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.publish_for_ever() => {}
            () = self.count_for_ever() => {}
        }
        // What is not out by then is published by the next process.
        let _ = timeout(LAST_PASS, self.pass()).await;
    }

    async fn publish_for_ever(&self) {
        loop {
            self.pass().await;
            tokio::select! {
                () = self.wake.notified() => {}
                () = sleep(self.poll) => {}
            }
        }
    }

    async fn count_for_ever(&self) {
        loop {
            if let (Ok(files), Ok(bypasses)) = (self.sources[0].count().await, self.sources[1].count().await)
            {
                self.metrics.due(files + bypasses);
            }
            sleep(COUNT_EVERY).await;
        }
    }

    async fn pass(&self) {
        for source in &self.sources {
            if let Err(error) = self.drain(source).await {
                self.metrics.unpublished("store", &error);
            }
        }
    }

    async fn drain(&self, source: &PendingEvents) -> Result<()> {
        let owner = EventId::generate(self.clock.as_ref()).to_string();
        loop {
            let mut leased = Vec::new();
            while leased.len() < BATCH {
                match source.claim(&owner, self.clock.timestamp(), self.lease_end()).await? {
                    Some(document) => leased.push(document),
                    None => break,
                }
            }
            if leased.is_empty() {
                return Ok(());
            }
            stream::iter(leased)
                .for_each_concurrent(BATCH, |document| async {
                    if let Err(error) = self.publish(source, document, &owner).await {
                        self.metrics.unpublished("store", &error);
                    }
                })
                .await;
        }
    }

    async fn publish(&self, source: &PendingEvents, document: Leased, owner: &str) -> Result<()> {
        let published = tokio::select! {
            published = self.send_all(&document.pending_events) => published,
            lost = self.keep(source, &document, owner) => return lost,
        };
        // Nothing went out: the lease stands, and its end is when it is tried again.
        if published.is_empty() && !document.pending_events.is_empty() {
            return Ok(());
        }
        source.settle(&document, owner, &published).await
    }

    /// Renews the lease until it is lost.
    async fn keep(&self, source: &PendingEvents, document: &Leased, owner: &str) -> Result<()> {
        loop {
            sleep(RENEW_EVERY).await;
            if !source.renew(document, owner, self.lease_end()).await? {
                return Ok(());
            }
        }
    }

    /// Sends up to the first event that fails, and says which were stored.
    async fn send_all(&self, events: &[PendingEvent]) -> Vec<String> {
        let mut published = Vec::with_capacity(events.len());
        for event in events {
            if let Err(error) = self.send(event).await {
                self.metrics.unpublished("event", &error);
                break;
            }
            published.push(event.id.clone());
        }
        published
    }

    async fn send(&self, event: &PendingEvent) -> std::result::Result<(), BusError> {
        let payload = Bytes::from(event.envelope.clone());
        let event = OutgoingEvent::from_stored(event.topic.clone(), event.key.clone(), payload)?;
        self.producer.send(&event).await?;
        self.metrics.published(&event.head.kind);
        let mirrored = colink_events::mirrored_types().find(|kind| *kind == event.head.kind);
        if let Some(topic) = mirrored.filter(|_| self.mirror) {
            let copy = OutgoingEvent { topic: topic.into(), ..event };
            match timeout(MIRROR_PATIENCE, self.producer.send(&copy)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => self.metrics.unpublished("mirror", &error),
                Err(elapsed) => self.metrics.unpublished("mirror", &elapsed),
            }
        }
        Ok(())
    }

    fn lease_end(&self) -> Timestamp {
        later(self.clock.timestamp(), LEASE)
    }
}
