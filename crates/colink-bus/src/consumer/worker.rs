//! Handles one record: tries, waits, parks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use colink_events::Envelope;
use tracing::Instrument as _;

use super::dead_letters::{DeadLetters, Reason};
use super::handler::{HandleError, RawHandler, Route, Routes};
use super::parking::{Failures, ParkedKeys, Verdict};
use super::record::Record;
use crate::error::BusError;
use crate::metrics::BusMetrics;

const HANDLER_PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Worker {
    pub(super) group: String,
    pub(super) routes: Routes,
    pub(super) parked: ParkedKeys,
    pub(super) dead_letters: DeadLetters,
    pub(super) metrics: BusMetrics,
    /// Everything that was done, for the watchdog.
    pub(super) moves: AtomicU64,
}

impl Worker {
    /// Brings the records, which follow each other in one partition, to their end: stretches for one handler that takes
    /// stretches at once, all others one by one. The offset of the last may be stored after that.
    pub(super) async fn process_all(&self, records: &[Record]) -> Result<(), BusError> {
        let mut left = records;
        while let Some((first, rest)) = left.split_first() {
            match self.stretch(left) {
                Some((route, stretch)) if stretch.len() > 1 => {
                    left = left.get(stretch.len()..).unwrap_or_default();
                    self.process_stretch(route, &stretch).await?;
                }
                _ => {
                    left = rest;
                    self.process(first).await?;
                }
            }
        }
        Ok(())
    }

    /// The records at the front that one handler takes together.
    fn stretch<'a>(&self, records: &'a [Record]) -> Option<(&Route, Vec<(&'a Record, Envelope)>)> {
        if !self.routes.batches || records.len() < 2 {
            return None;
        }
        let mut found: Option<&Route> = None;
        let mut stretch = Vec::new();
        for record in records {
            let Some((route, envelope)) = self.batched(record) else { break };
            if !std::ptr::eq(*found.get_or_insert(route), route) {
                break;
            }
            stretch.push((record, envelope));
        }
        found.map(|route| (route, stretch))
    }

    /// The record's envelope and its handler, if that takes stretches and the record can be handled now.
    fn batched(&self, record: &Record) -> Option<(&Route, Envelope)> {
        if self.parked.contains(record.place(), &record.key) {
            return None;
        }
        // What cannot be read is dealt with by itself.
        let envelope = Envelope::from_slice(&record.payload).ok()?;
        let route = self.routes.find(&envelope.kind, envelope.version).filter(|route| route.batches)?;
        Some((route, envelope))
    }

    async fn process_stretch(&self, route: &Route, stretch: &[(&Record, Envelope)]) -> Result<(), BusError> {
        let Some((first, _)) = stretch.first() else { return Ok(()) };
        let span = tracing::info_span!("consume", group = self.group, events = stretch.len());
        for (_, envelope) in stretch {
            colink_telemetry::trace::add_link(&span, envelope.traceparent.as_deref());
        }
        let handling = route.handler.handle_all(stretch).instrument(span);
        let handled = self.timed(first, handling).await;
        if let Err(error) = handled {
            tracing::info!(group = self.group, %error, "a stretch was not handled; its events are, one by one");
            for (record, _) in stretch {
                self.process(record).await?;
            }
            return Ok(());
        }
        for (record, _) in stretch {
            self.count(record, "handled");
        }
        Ok(())
    }

    /// Brings the record to an end: handled, ignored, or in the dead letters. Its offset may be stored after that.
    pub(super) async fn process(&self, record: &Record) -> Result<(), BusError> {
        let outcome = if self.parked.contains(record.place(), &record.key) {
            Err(Reason { error: "the key is parked".to_owned(), tries: 0, parks_key: true })
        } else {
            self.attempt(record).await
        };
        match outcome {
            Ok(()) => Ok(()),
            Err(reason) => self.bury(record, &reason).await,
        }
    }

    /// Handles the dead letters of one key again. The first that fails leaves the key parked as it was.
    pub(super) async fn redrive(&self, letters: &[Record]) -> Result<(), BusError> {
        let Some(first) = letters.first() else {
            return Ok(());
        };
        let (place, key) = (first.place(), &first.key);
        let key_text = String::from_utf8_lossy(key);
        for letter in letters {
            if let Err(reason) = self.attempt(letter).await {
                let (topic, error) = (letter.topic.name(), reason.error);
                tracing::error!(group = self.group, topic, key = %key_text, error, "a redrive failed");
                return Ok(());
            }
        }
        self.dead_letters.release(place, key).await?;
        self.parked.release(place, key);
        tracing::info!(
            group = self.group,
            topic = place.0.name(),
            key = %key_text,
            events = letters.len(),
            "a parked key was redriven"
        );
        Ok(())
    }

    /// Tries until the record is handled or has failed for good.
    async fn attempt(&self, record: &Record) -> Result<(), Reason> {
        let envelope = Envelope::from_slice(&record.payload).map_err(|error| Reason {
            error: error.to_string(),
            tries: 0,
            parks_key: false,
        })?;
        let Some(route) = self.routes.find(&envelope.kind, envelope.version) else {
            // A consumer that passes over what is not for it is not stalled.
            self.moves.fetch_add(1, Ordering::Relaxed);
            self.count(record, "ignored");
            return Ok(());
        };
        let mut failures = Failures::default();
        loop {
            let Err(error) = self.try_once(&*route.handler, record, &envelope).await else {
                self.count(record, "handled");
                return Ok(());
            };
            let verdict = failures.judge(&error);
            let Verdict::TryAgain(wait) = verdict else {
                let parks_key = verdict == Verdict::ParkKey;
                return Err(Reason { error: error.to_string(), tries: failures.tries, parks_key });
            };
            self.report_failure(record, &envelope, &error, failures.tries);
            tokio::time::sleep(wait).await;
        }
    }

    async fn try_once(
        &self,
        handler: &dyn RawHandler,
        record: &Record,
        envelope: &Envelope,
    ) -> Result<(), HandleError> {
        let span = tracing::info_span!(
            "consume",
            group = self.group,
            event_type = envelope.kind,
            event_id = %envelope.id,
            request_id = envelope.request_id.as_ref().map(tracing::field::display),
        );
        colink_telemetry::trace::set_parent(&span, envelope.traceparent.as_deref());
        self.timed(record, handler.handle(record, envelope).instrument(span)).await
    }

    async fn timed(
        &self,
        record: &Record,
        handling: impl Future<Output = Result<(), HandleError>>,
    ) -> Result<(), HandleError> {
        let started = Instant::now();
        let outcome = tokio::time::timeout(HANDLER_PATIENCE, handling).await;
        self.moves.fetch_add(1, Ordering::Relaxed);
        self.metrics
            .handle_seconds
            .with_label_values(&[self.group.as_str(), record.topic.name()])
            .observe(started.elapsed().as_secs_f64());
        outcome.unwrap_or_else(|_elapsed| Err(HandleError::retry("the handler took longer than 30 s")))
    }

    fn report_failure(&self, record: &Record, envelope: &Envelope, error: &HandleError, tries: u32) {
        let outcome = if matches!(error, HandleError::Unavailable(_)) { "unavailable" } else { "retried" };
        self.count(record, outcome);
        tracing::warn!(
            group = self.group,
            topic = record.topic.name(),
            partition = record.partition,
            offset = record.offset,
            event_type = envelope.kind,
            tries,
            %error,
            "an event was not handled; it is tried again"
        );
    }

    /// Into the dead letters. The key counts as parked once the broker has stored that it is.
    async fn bury(&self, record: &Record, reason: &Reason) -> Result<(), BusError> {
        self.dead_letters.write(record, reason).await?;
        if reason.parks_key {
            self.parked.park(record.place(), record.key.clone());
        }
        self.moves.fetch_add(1, Ordering::Relaxed);
        self.count(record, if reason.parks_key { "parked" } else { "poison" });
        tracing::error!(
            group = self.group,
            topic = record.topic.name(),
            partition = record.partition,
            offset = record.offset,
            key = %String::from_utf8_lossy(&record.key),
            tries = reason.tries,
            error = reason.error,
            "an event went to the dead letters"
        );
        Ok(())
    }

    fn count(&self, record: &Record, outcome: &str) {
        let labels = [self.group.as_str(), record.topic.name(), outcome];
        self.metrics.consumed.with_label_values(&labels).inc();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use colink_core::clock::SystemClock;
    use colink_core::id::UserId;
    use colink_core::time::Timestamp;
    use colink_events::users::UserVerified;
    use colink_events::{Cause, Topic};
    use colink_telemetry::metrics::{IntGauge, Metrics};

    use super::*;
    use crate::config::KafkaConfig;
    use crate::event::OutgoingEvent;
    use crate::producer::Producer;

    #[tokio::test]
    async fn passing_over_what_nobody_handles_is_no_stall() {
        let (config, metrics) = (KafkaConfig::new("127.0.0.1:1"), Metrics::new("test").unwrap());
        let producer = Producer::new(&config, &metrics).unwrap();
        let worker = Worker {
            group: "group".to_owned(),
            routes: Routes::default(),
            parked: ParkedKeys::new(IntGauge::new("parked", "help").unwrap()),
            dead_letters: DeadLetters::new("group", &config, producer, false),
            metrics: BusMetrics::new(&metrics).unwrap(),
            moves: AtomicU64::new(0),
        };
        let event =
            UserVerified { user_id: UserId::generate(&SystemClock), at: Timestamp::now(&SystemClock) };
        let payload = OutgoingEvent::seal(&event, &Cause::default(), &SystemClock).unwrap().payload;
        let record = Record {
            topic: Topic::Users,
            partition: 0,
            offset: 0,
            key: Bytes::new(),
            payload,
            headers: None,
        };
        worker.process_all(&[record.clone(), record]).await.unwrap();
        assert_eq!(worker.moves.load(Ordering::Relaxed), 2);
    }
}
