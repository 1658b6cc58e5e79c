//! The idempotent producer: order per key, no duplicate within its life, bounded memory.
//!
//! A record waits in the queue for as long as the broker is away; nothing times out behind the caller's back.

mod hooks;
mod ping;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use colink_telemetry::metrics::Metrics;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseRecord, Producer as _, ThreadedProducer};
use tokio::sync::{Semaphore, oneshot};

use crate::backoff::Backoff;
use crate::client::{retire, retire_within};
use crate::config::KafkaConfig;
use crate::error::BusError;
use crate::event::OutgoingEvent;
use crate::log_relay::{AckBoard, Ticket};
use crate::metrics::BusMetrics;
use hooks::Hooks;

/// Sends events. Cheap to clone; all clones share one connection, one queue and one order.
#[derive(Clone)]
pub struct Producer {
    inner: Arc<Inner>,
}

struct Inner {
    /// Taken only by `drop`.
    client: Option<ThreadedProducer<Hooks>>,
    prefix: String,
    source: String,
    mirror: bool,
    metrics: BusMetrics,
    /// Held by the thread that asks the broker: there is one at most, however long the broker is away.
    ping: Arc<Semaphore>,
}

impl Producer {
    /// Makes the client and its thread. The broker need not be there yet.
    ///
    /// # Errors
    /// [`BusError::Kafka`] for a setting that librdkafka refuses, [`BusError::Metrics`].
    pub fn new(config: &KafkaConfig, metrics: &Metrics) -> Result<Self, BusError> {
        let metrics = BusMetrics::new(metrics)?;
        let client = config.producing().create_with_context(Hooks::new(config, &metrics))?;
        Ok(Self {
            inner: Arc::new(Inner {
                client: Some(client),
                prefix: config.topic_prefix.clone(),
                source: format!("/colink/{}", config.client_id),
                mirror: config.mirror,
                metrics,
                ping: Arc::new(Semaphore::new(1)),
            }),
        })
    }

    /// Sends one event and waits until the broker has stored it, however long that takes: bound it with a timeout where
    /// patience ends. A try that failed is repeated with the same event id.
    ///
    /// # Errors
    /// [`BusError::Fatal`], [`BusError::Closed`], or [`BusError::Kafka`] for what no repeat would mend (a record that is
    /// too large, a topic that is not there).
    pub async fn send(&self, event: &OutgoingEvent) -> Result<(), BusError> {
        let topic = self.topic(&event.topic);
        self.store(|sink| self.record(&topic, event, sink)).await
    }

    /// Puts one event into the queue and returns at once. Events of one key are stored in the order of these calls.
    ///
    /// # Errors
    /// [`BusError::QueueFull`]: nothing was taken, try again after some deliveries. Else see [`send`](Self::send).
    pub fn enqueue(&self, event: &OutgoingEvent) -> Result<DeliveryFuture, BusError> {
        let (sink, delivery) = DeliveryFuture::pair();
        self.produce(self.record(&self.topic(&event.topic), event, sink))?;
        Ok(delivery)
    }

    /// Waits until every queued record has been acknowledged.
    ///
    /// # Errors
    /// [`BusError::Deadline`] when some were not in time; they stay queued.
    pub async fn flush(&self, deadline: Duration) -> Result<(), BusError> {
        let started = Instant::now();
        while self.queued() > 0 {
            if started.elapsed() >= deadline {
                return Err(BusError::Deadline(deadline));
            }
            // librdkafka's own flush blocks its thread, so it is not for an executor.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// Flushes, then drops the client if this is its last clone; both together take at most `deadline`.
    ///
    /// # Errors
    /// [`BusError::Deadline`].
    pub async fn close(self, deadline: Duration) -> Result<(), BusError> {
        let started = Instant::now();
        let flushed = self.flush(deadline).await;
        if let Some(inner) = Arc::into_inner(self.inner) {
            retire_within(inner, deadline.saturating_sub(started.elapsed())).await?;
        }
        flushed
    }

    /// Records in the queue or on their way.
    #[must_use]
    pub fn queued(&self) -> usize {
        let count = self.inner.client.as_ref().map_or(0, |client| client.in_flight_count());
        usize::try_from(count).unwrap_or(0)
    }

    /// Whether the producer has failed for good: every later call gets [`BusError::Fatal`].
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.inner
            .client
            .as_ref()
            .is_none_or(|client| client.client().context().fatal.load(Ordering::Relaxed))
    }

    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.inner.prefix)
    }

    pub(crate) fn source(&self) -> &str {
        &self.inner.source
    }

    pub(crate) fn mirrors(&self) -> bool {
        self.inner.mirror
    }

    pub(crate) fn metrics(&self) -> &BusMetrics {
        &self.inner.metrics
    }

    fn record<'a>(&self, topic: &'a str, event: &'a OutgoingEvent, sink: Sink) -> Record<'a> {
        Record {
            topic,
            partition: None,
            key: event.key.as_bytes(),
            payload: &event.payload,
            headers: event.head.headers(&self.inner.source),
            at_ms: Some(event.head.at.as_millis()),
            sink,
        }
    }

    /// Produces what `make` makes until one try is stored, or no other try would help.
    pub(crate) async fn store<'a>(&self, make: impl Fn(Sink) -> Record<'a>) -> Result<(), BusError> {
        let mut failures = 0;
        loop {
            let (sink, delivery) = DeliveryFuture::pair();
            // The record is gone before the wait, so that the future stays `Send`.
            let queued = self.produce(make(sink));
            let outcome = match queued {
                Ok(()) => delivery.await,
                Err(error) => Err(error),
            };
            match outcome {
                Err(error) if repeatable(&error) => {
                    failures += 1;
                    tokio::time::sleep(Backoff::OUTAGE.after(failures)).await;
                }
                outcome => return outcome,
            }
        }
    }

    pub(crate) fn produce(&self, record: Record<'_>) -> Result<(), BusError> {
        let client = self.inner.client.as_ref().ok_or(BusError::Closed)?;
        let waiter = Box::new(Waiter { sink: record.sink, sent_at: Instant::now() });
        let mut native = BaseRecord::with_opaque_to(record.topic, waiter)
            .key(record.key)
            .payload(record.payload)
            .headers(record.headers);
        native.partition = record.partition;
        native.timestamp = record.at_ms;
        let Err((error, _)) = client.send(native) else {
            return Ok(());
        };
        let hooks = client.client().context();
        hooks.topics.of(record.topic).refused.inc();
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::QueueFull) => Err(BusError::QueueFull),
            Some(RDKafkaErrorCode::Fatal) => {
                hooks.fatal.store(true, Ordering::Relaxed);
                Err(BusError::Fatal)
            }
            _ => Err(BusError::Kafka(error)),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            retire(client);
        }
    }
}

/// Whether sending again may help.
fn repeatable(error: &BusError) -> bool {
    let BusError::Kafka(KafkaError::MessageProduction(code)) = error else {
        return matches!(error, BusError::QueueFull);
    };
    !matches!(
        code,
        RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::InvalidMessage
            | RDKafkaErrorCode::InvalidArgument
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition
            | RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::PurgeQueue
            | RDKafkaErrorCode::PurgeInflight
            | RDKafkaErrorCode::Fatal
    )
}

/// One record for one full topic name.
pub(crate) struct Record<'a> {
    pub(crate) topic: &'a str,
    /// Chosen by the key's hash when absent.
    pub(crate) partition: Option<i32>,
    pub(crate) key: &'a [u8],
    pub(crate) payload: &'a [u8],
    pub(crate) headers: OwnedHeaders,
    pub(crate) at_ms: Option<i64>,
    pub(crate) sink: Sink,
}

/// Who hears of the acknowledgement.
pub(crate) enum Sink {
    Once(oneshot::Sender<Result<(), BusError>>),
    Board(Arc<AckBoard>, Ticket),
}

struct Waiter {
    sink: Sink,
    sent_at: Instant,
}

/// Resolves when the broker has stored the event, or when it is certain that it will not. Dropping it does not take the
/// event back.
#[must_use = "an event that is not awaited may be lost without notice"]
pub struct DeliveryFuture(oneshot::Receiver<Result<(), BusError>>);

impl DeliveryFuture {
    pub(crate) fn pair() -> (Sink, Self) {
        let (sender, receiver) = oneshot::channel();
        (Sink::Once(sender), Self(receiver))
    }
}

impl Future for DeliveryFuture {
    type Output = Result<(), BusError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|outcome| outcome.unwrap_or(Err(BusError::Closed)))
    }
}
