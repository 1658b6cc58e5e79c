//! A consumer group: one loop that reads, handles, and stores an offset only after the effect.
//!
//! Events of one partition are handled one after the other, partitions beside each other. A handler must be idempotent:
//! write an [`inbox`] row in the transaction of the effect, or guard an upsert by `seq` or `version`.
//!
//! | the handler says | what happens |
//! |---|---|
//! | `Ok` | the offset is stored |
//! | [`HandleError::Retry`] | 5 tries, 100 ms to 5 s apart; then the **key** is parked |
//! | [`HandleError::Unavailable`] | tried for ever, up to 1 s apart; nothing is parked |
//! | [`HandleError::Poison`], or bytes that are no envelope | this one event goes to the dead letters |
//! | type or version without a handler | ignored |
//!
//! A parked key's event and all later ones of that key go to `<topic>.dlq`, to the partition of the same number, with the
//! reason in headers; other keys go on. The dead-letter topic is also the memory of what is parked: it is read when
//! partitions are assigned, so that parking survives a restart and follows a partition to another replica. A consumer that
//! runs with [`redrive`](Consumer::redrive) handles the parked events first, in order, and releases the keys that succeed.

mod dead_letters;
mod engine;
mod handler;
pub mod inbox;
mod parking;
mod partition;
mod record;
pub(crate) mod watchdog;
mod worker;

pub(crate) use dead_letters::header;
pub use dead_letters::{
    HEADER_CONSUMER, HEADER_ERROR, HEADER_ORIGINAL_OFFSET, HEADER_ORIGINAL_PARTITION, HEADER_ORIGINAL_TOPIC,
    HEADER_PARKED, HEADER_TRIES,
};
pub use handler::{HandleError, Handler, RawHandler};
pub use record::Record;

use std::sync::Arc;
use std::time::Duration;

use colink_events::{Event, Topic};
use colink_telemetry::metrics::Metrics;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use tokio_util::sync::CancellationToken;

use crate::client::ReaderHooks;
use crate::config::KafkaConfig;
use crate::error::BusError;
use crate::metrics::BusMetrics;
use crate::producer::Producer;
use dead_letters::DeadLetters;
use engine::Engine;
use handler::Routes;
use parking::ParkedKeys;
use worker::Worker;

/// A member of a consumer group that is not running yet.
pub struct Consumer {
    group: String,
    config: KafkaConfig,
    producer: Producer,
    metrics: BusMetrics,
    topics: Vec<Topic>,
    routes: Routes,
    concurrency: usize,
    redrive: bool,
    unhurried: Option<Duration>,
}

impl Consumer {
    /// A member of `group`, a name that is fixed for good: it is what offsets are stored under. The producer writes the
    /// dead letters.
    ///
    /// # Errors
    /// [`BusError::Metrics`].
    pub fn group(
        group: &str,
        config: &KafkaConfig,
        producer: &Producer,
        metrics: &Metrics,
    ) -> Result<Self, BusError> {
        Ok(Self {
            group: group.to_owned(),
            config: config.clone(),
            producer: producer.clone(),
            metrics: BusMetrics::new(metrics)?,
            topics: Vec::new(),
            routes: Routes::default(),
            concurrency: 4,
            redrive: false,
            unhurried: None,
        })
    }

    /// Reads a stream, from its beginning when the group is new.
    #[must_use]
    pub fn topic(mut self, topic: Topic) -> Self {
        if !self.topics.contains(&topic) {
            self.topics.push(topic);
        }
        self
    }

    /// Handles one type in one version. The stream it is in is read too.
    #[must_use]
    pub fn on<E: Event>(mut self, handler: impl Handler<E> + 'static) -> Self {
        self.routes.add::<E>(handler, false);
        self.topic(E::TOPIC)
    }

    /// As [`on`](Self::on), and hands over what follows each other in one partition together:
    /// [`Handler::handle_all`] has the contract.
    #[must_use]
    pub fn on_batch<E: Event>(mut self, handler: impl Handler<E> + 'static) -> Self {
        self.routes.add::<E>(handler, true);
        self.topic(E::TOPIC)
    }

    /// Handles every event of the topics that no [`on`](Self::on) handles, whatever its type and version.
    #[must_use]
    pub fn on_any(mut self, handler: impl RawHandler + 'static) -> Self {
        self.routes.add_any(handler, false);
        self
    }

    /// As [`on_any`](Self::on_any), and hands over what follows each other in one partition together.
    #[must_use]
    pub fn on_any_batch(mut self, handler: impl RawHandler + 'static) -> Self {
        self.routes.add_any(handler, true);
        self
    }

    /// For effects that nobody waits for: the broker answers when there is a good deal to read, or after `patience`. Each
    /// answer costs the broker, this process and its store about the same, whether it brings one event or a hundred.
    #[must_use]
    pub fn unhurried(mut self, patience: Duration) -> Self {
        self.unhurried = Some(patience);
        self
    }

    /// How many partitions are handled at the same time; 4 unless said. Each may hold a connection of a pool.
    #[must_use]
    pub fn concurrency(mut self, partitions: usize) -> Self {
        self.concurrency = partitions.max(1);
        self
    }

    /// Handles the dead letters of parked keys again, whenever a partition is assigned: in their original order, and before
    /// what follows them in the stream. A key whose events all succeed is released; at the first failure it stays parked.
    #[must_use]
    pub fn redrive(mut self, redrive: bool) -> Self {
        self.redrive = redrive;
        self
    }

    /// Consumes until cancelled; then what is being handled has 5 s to end, offsets are committed and the group is left. A
    /// broker that is away is waited for.
    ///
    /// # Errors
    /// [`BusError::Stalled`] when the lag grows and nothing moves for 60 s, [`BusError::Fatal`] or [`BusError::Kafka`] when
    /// the client cannot go on. The process has to restart: nothing is lost by it.
    pub async fn run(self, cancel: CancellationToken) -> Result<(), BusError> {
        let hooks = ReaderHooks::new(&self.group, &self.config.topic_prefix, self.metrics.clone());
        let mut settings = self.config.consuming(&self.group);
        if let Some(patience) = self.unhurried {
            let patience = patience.as_millis().to_string();
            settings.set("fetch.min.bytes", "65536").set("fetch.wait.max.ms", patience);
        }
        let consumer: StreamConsumer<ReaderHooks> = settings.create_with_context(hooks)?;
        let names: Vec<String> = self.topics.iter().map(|topic| self.config.topic(topic.name())).collect();
        consumer.subscribe(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let parked = ParkedKeys::new(self.metrics.parked_keys.with_label_values(&[self.group.as_str()]));
        let worker = Worker {
            dead_letters: DeadLetters::new(&self.group, &self.config, self.producer, self.redrive),
            group: self.group,
            routes: self.routes,
            parked,
            metrics: self.metrics,
            moves: Default::default(),
        };
        let topics = names.into_iter().zip(self.topics).collect();
        Engine::new(consumer, topics, Arc::new(worker), self.concurrency, self.redrive).run(cancel).await
    }
}
