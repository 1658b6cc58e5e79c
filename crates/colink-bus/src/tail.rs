//! Follows a stream from now on, on every node by itself: no group, all partitions, nothing committed.
//!
//! Who follows several streams has a tail for each. The broker looks at every partition that a fetch names, once when it
//! comes and once when it is answered, so a busy stream should not be asked for together with those that are quiet.
//!
//! The tail takes the end of every partition as its first position and keeps its own positions after that, so a broker that
//! was away costs a delay and no event. It is ready once every partition has its position: what is published after that
//! will be delivered here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use colink_events::{Envelope, Topic};
use colink_telemetry::metrics::Metrics;
use rdkafka::consumer::{BaseConsumer, Consumer as _, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::sync::watch;

use crate::backoff::Backoff;
use crate::client::{Quiet, ReaderHooks, retire};
use crate::config::KafkaConfig;
use crate::consumer::header;
use crate::consumer::watchdog::{STALL, Watchdog};
use crate::error::BusError;
use crate::event::CE_TYPE;
use crate::metrics::BusMetrics;

const BROKER_PATIENCE: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A reader of a whole stream.
pub struct Tail {
    /// Taken only by `drop`.
    consumer: Option<StreamConsumer<ReaderHooks>>,
    config: KafkaConfig,
    topic: Topic,
    ready: Arc<watch::Sender<bool>>,
    watchdog: Watchdog,
    moves: u64,
}

/// Tells whether a tail is ready. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TailReadiness(watch::Receiver<bool>);

impl TailReadiness {
    /// Whether everything that is published from now on will be delivered.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is. `false` when the tail is gone.
    pub async fn wait(&mut self) -> bool {
        self.0.wait_for(|ready| *ready).await.is_ok()
    }
}

/// One event as it is in the stream.
#[derive(Debug, Clone)]
pub struct TailItem {
    /// The partition.
    pub partition: i32,
    /// Its place in the partition.
    pub offset: i64,
    /// The key; for `colink.messages` the channel's id as text.
    pub key: Bytes,
    /// The type from the headers, so that what nobody here follows need not be parsed. Empty if the header is missing.
    pub event_type: String,
    /// The envelope's bytes.
    pub payload: Bytes,
}

impl TailItem {
    /// Reads the envelope.
    ///
    /// # Errors
    /// [`BusError::Envelope`] when the bytes are not one.
    pub fn envelope(&self) -> Result<Envelope, BusError> {
        Envelope::from_slice(&self.payload).map_err(|error| BusError::Envelope(Box::new(error)))
    }
}

impl Tail {
    /// Makes the client; must be called within a tokio runtime. The broker need not be there yet: positions are taken by
    /// the first [`next`](Self::next).
    ///
    /// # Errors
    /// [`BusError::Kafka`] for a setting that librdkafka refuses, [`BusError::Metrics`].
    pub fn start(config: &KafkaConfig, topic: Topic, metrics: &Metrics) -> Result<Self, BusError> {
        let hooks = ReaderHooks::new("tail", &config.topic_prefix, BusMetrics::new(metrics)?);
        let consumer = config.following("tail").create_with_context(hooks)?;
        Ok(Self {
            consumer: Some(consumer),
            config: config.clone(),
            topic,
            ready: Arc::new(watch::channel(false).0),
            watchdog: Watchdog::new(STALL, Instant::now()),
            moves: 0,
        })
    }

    /// The stream.
    #[must_use]
    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// Whether every partition has its position, now and later.
    #[must_use]
    pub fn readiness(&self) -> TailReadiness {
        TailReadiness(self.ready.subscribe())
    }

    /// The next event, in order per partition. Waits for a broker that is away. May be cancelled without loss.
    ///
    /// # Errors
    /// [`BusError::Stalled`] when the lag grows and nothing comes for 60 s, [`BusError::Kafka`] when the client cannot go
    /// on. The process has to restart, its clients resume by `seq`.
    pub async fn next(&mut self) -> Result<TailItem, BusError> {
        if !*self.ready.borrow() {
            self.take_positions().await?;
        }
        let consumer = self.consumer.as_ref().ok_or(BusError::Closed)?;
        loop {
            match tokio::time::timeout(LOOK_EVERY, consumer.recv()).await {
                Ok(Ok(message)) => {
                    self.moves += 1;
                    return Ok(read(&message));
                }
                Ok(Err(error @ KafkaError::MessageConsumptionFatal(_))) => {
                    return Err(BusError::Kafka(error));
                }
                Ok(Err(error)) => tracing::info!(%error, "the tail could not read; the client goes on"),
                Err(_elapsed) => {
                    let lag = consumer.context().lag();
                    if let Some(idle) = self.watchdog.observe(Instant::now(), self.moves, lag) {
                        let consumer = format!("tail of {}", self.topic.name());
                        return Err(BusError::Stalled { consumer, idle, lag });
                    }
                }
            }
        }
    }

    async fn take_positions(&mut self) -> Result<(), BusError> {
        let topic = self.config.topic(self.topic.name());
        let mut failures = 0;
        let ends = loop {
            let (config, name) = (self.config.clone(), topic.clone());
            let asked = tokio::task::spawn_blocking(move || ends_of(&config, &name)).await;
            match asked.unwrap_or(Err(BusError::Closed)) {
                Ok(ends) => break ends,
                Err(error) => {
                    failures += 1;
                    tracing::warn!(topic, %error, "the ends of the stream are not known yet");
                    tokio::time::sleep(Backoff::OUTAGE.after(failures)).await;
                }
            }
        };
        let mut assignment = TopicPartitionList::new();
        for (partition, end) in &ends {
            assignment.add_partition_offset(&topic, *partition, Offset::Offset(*end))?;
        }
        self.consumer.as_ref().ok_or(BusError::Closed)?.assign(&assignment)?;
        self.ready.send_replace(true);
        tracing::info!(topic, partitions = ends.len(), "the tail is ready");
        Ok(())
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        if let Some(consumer) = self.consumer.take() {
            retire(consumer);
        }
    }
}

fn read(message: &BorrowedMessage<'_>) -> TailItem {
    let kind = header(message, CE_TYPE).unwrap_or_default();
    TailItem {
        partition: message.partition(),
        offset: message.offset(),
        key: Bytes::copy_from_slice(message.key().unwrap_or_default()),
        event_type: String::from_utf8_lossy(kind).into_owned(),
        payload: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
    }
}

/// Asks the broker where each partition of the topic ends. Blocks.
fn ends_of(config: &KafkaConfig, topic: &str) -> Result<Vec<(i32, i64)>, BusError> {
    let client: BaseConsumer<Quiet> = config.base().create_with_context(Quiet)?;
    let metadata = client.fetch_metadata(Some(topic), BROKER_PATIENCE)?;
    let partitions = metadata.topics().first().map_or(0, |topic| topic.partitions().len());
    if partitions == 0 {
        return Err(BusError::TopicShape {
            topic: topic.to_owned(),
            found: 0,
            expected: usize::try_from(colink_events::PARTITIONS).unwrap_or(0),
        });
    }
    let mut ends = Vec::with_capacity(partitions);
    for partition in 0..i32::try_from(partitions).unwrap_or(0) {
        let (_, end) = client.fetch_watermarks(topic, partition, BROKER_PATIENCE)?;
        ends.push((partition, end));
    }
    Ok(ends)
}
