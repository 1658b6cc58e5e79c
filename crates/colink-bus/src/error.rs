//! What can go wrong on the bus.

use std::time::Duration;

use colink_telemetry::metrics::MetricsError;
use rdkafka::error::KafkaError;

/// A failure of the bus. None of its texts is meant for an end user.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BusError {
    /// The client library or the broker refused.
    #[error("kafka: {0}")]
    Kafka(#[from] KafkaError),
    /// The producer's own queue is full: try again when acknowledgements have come.
    #[error("the producer's queue is full")]
    QueueFull,
    /// The idempotent producer cannot go on. The process has to restart; the outbox or the log covers what was under way.
    #[error("the producer failed for good and must be replaced")]
    Fatal,
    /// The client was closed before the outcome was known.
    #[error("the client was closed before the broker answered")]
    Closed,
    /// Nothing was heard within the time that was given.
    #[error("no answer from the broker within {0:?}")]
    Deadline(Duration),
    /// A topic exists with another number of partitions, which would change the order of keys.
    #[error("topic {topic} has {found} partitions instead of {expected}")]
    TopicShape {
        /// Full name of the topic.
        topic: String,
        /// Partitions it has.
        found: usize,
        /// Partitions it must have.
        expected: usize,
    },
    /// Messages wait, their number grows and none has been handled for the given time.
    #[error("{consumer} has handled nothing for {idle:?} while its lag grew to {lag}")]
    Stalled {
        /// Group or tail.
        consumer: String,
        /// How long nothing was handled.
        idle: Duration,
        /// Messages that wait.
        lag: i64,
    },
    /// The database refused or was not there.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// An envelope could not be written or read.
    #[error("envelope: {0}")]
    Envelope(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A metric could not be registered.
    #[error("metrics: {0}")]
    Metrics(#[from] MetricsError),
    /// The operating system refused a thread.
    #[error("thread: {0}")]
    Thread(#[from] std::io::Error),
}
