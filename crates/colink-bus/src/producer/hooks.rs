//! What librdkafka calls on the producer's own thread: so it is short and never waits.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use colink_events::Topic;
use colink_telemetry::metrics::{Histogram, IntCounter};
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{DeliveryResult, NoCustomPartitioner, ProducerContext};

use super::{Sink, Waiter};
use crate::client::log_line;
use crate::config::KafkaConfig;
use crate::error::BusError;
use crate::metrics::BusMetrics;

/// Counters of each topic, looked up by full name without a lock.
pub(super) struct TopicMeters {
    known: HashMap<String, TopicMeter>,
    other: TopicMeter,
}

pub(super) struct TopicMeter {
    stored: IntCounter,
    failed: IntCounter,
    pub(super) refused: IntCounter,
    seconds: Histogram,
}

impl TopicMeters {
    fn new(config: &KafkaConfig, metrics: &BusMetrics) -> Self {
        let meter = |label: &str| TopicMeter {
            stored: metrics.produced.with_label_values(&[label, "stored"]),
            failed: metrics.produced.with_label_values(&[label, "failed"]),
            refused: metrics.produced.with_label_values(&[label, "refused"]),
            seconds: metrics.produce_seconds.with_label_values(&[label]),
        };
        let known =
            Topic::ALL.iter().map(|topic| (config.topic(topic.name()), meter(topic.name()))).collect();
        // Mirrors and dead letters share one label, so that the set stays closed.
        Self { known, other: meter("other") }
    }

    pub(super) fn of(&self, topic: &str) -> &TopicMeter {
        self.known.get(topic).unwrap_or(&self.other)
    }
}

/// The callbacks of the producer.
pub(super) struct Hooks {
    pub(super) fatal: AtomicBool,
    pub(super) topics: TopicMeters,
}

impl Hooks {
    pub(super) fn new(config: &KafkaConfig, metrics: &BusMetrics) -> Self {
        Self { fatal: AtomicBool::new(false), topics: TopicMeters::new(config, metrics) }
    }
}

impl ClientContext for Hooks {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        log_line(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal) {
            self.fatal.store(true, Ordering::Relaxed);
            tracing::error!(target: "librdkafka", %error, "{reason}");
        } else {
            tracing::info!(target: "librdkafka", %error, "{reason}");
        }
    }
}

impl ProducerContext<NoCustomPartitioner> for Hooks {
    type DeliveryOpaque = Box<Waiter>;

    fn delivery(&self, result: &DeliveryResult<'_>, waiter: Box<Waiter>) {
        let (topic, failure) = match result {
            Ok(message) => (message.topic(), None),
            Err((error, message)) => (message.topic(), Some(error)),
        };
        let meter = self.topics.of(topic);
        match failure {
            None => {
                meter.stored.inc();
                meter.seconds.observe(waiter.sent_at.elapsed().as_secs_f64());
            }
            Some(error) => {
                meter.failed.inc();
                tracing::warn!(topic, %error, "a record was not stored");
            }
        }
        match waiter.sink {
            Sink::Once(sender) => {
                // The sender of the event may have stopped waiting.
                let _ = sender.send(failure.map_or(Ok(()), |error| Err(BusError::Kafka(error.clone()))));
            }
            Sink::Board(board, ticket) => board.post(ticket, failure.is_none()),
        }
    }
}
