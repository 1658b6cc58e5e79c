//! What every rdkafka client of this crate shares: log lines, statistics, and a death off the executor.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::TopicPartitionList;
use serde::Deserialize;
use tokio::sync::{Notify, oneshot};

use crate::error::BusError;
use crate::metrics::BusMetrics;

/// Forwards a line of librdkafka. Its warnings repeat for as long as a broker is away, so they stay below `error`.
pub(crate) fn log_line(level: RDKafkaLogLevel, facility: &str, line: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => {
            tracing::warn!(target: "librdkafka", facility, "{line}");
        }
        RDKafkaLogLevel::Warning | RDKafkaLogLevel::Notice => {
            tracing::info!(target: "librdkafka", facility, "{line}");
        }
        RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
            tracing::debug!(target: "librdkafka", facility, "{line}");
        }
    }
}

/// Drops a client on a thread of its own and does not wait: a drop can hang while the broker is away.
pub(crate) fn retire<T: Send + 'static>(client: T) {
    let spawned = std::thread::Builder::new().name("kafka-retire".to_owned()).spawn(move || drop(client));
    if let Err(error) = spawned {
        // The closure, and the client with it, was dropped here and now.
        tracing::warn!(%error, "no thread to drop a kafka client on");
    }
}

/// Drops a client on a thread of its own and waits for it, but not longer than `deadline`.
///
/// A thread and not `spawn_blocking`, because a runtime waits for its blocking tasks when it shuts down.
pub(crate) async fn retire_within<T: Send + 'static>(client: T, deadline: Duration) -> Result<(), BusError> {
    let (gone, wait) = oneshot::channel();
    std::thread::Builder::new().name("kafka-retire".to_owned()).spawn(move || {
        drop(client);
        // Nobody listens any more after the deadline.
        let _ = gone.send(());
    })?;
    match tokio::time::timeout(deadline, wait).await {
        Ok(_) => Ok(()),
        Err(_elapsed) => Err(BusError::Deadline(deadline)),
    }
}

/// The callbacks of a short-lived reader.
pub(crate) struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        log_line(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::info!(target: "librdkafka", %error, "{reason}");
    }

    fn stats_raw(&self, _: &[u8]) {}
}

impl ConsumerContext for Quiet {}

/// Partitions that came or went, in the order in which librdkafka said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rebalanced {
    Assigned(Vec<(String, i32)>),
    Revoked(Vec<(String, i32)>),
}

/// The callbacks of a reader. They run inside `recv`, on the task that reads.
pub(crate) struct ReaderHooks {
    reader: String,
    prefix: String,
    metrics: BusMetrics,
    rebalances: Mutex<Vec<Rebalanced>>,
    rebalanced: Notify,
    lag: AtomicI64,
}

impl ReaderHooks {
    pub(crate) fn new(reader: &str, prefix: &str, metrics: BusMetrics) -> Self {
        Self {
            reader: reader.to_owned(),
            prefix: prefix.to_owned(),
            metrics,
            rebalances: Mutex::default(),
            rebalanced: Notify::new(),
            lag: AtomicI64::new(0),
        }
    }

    /// Takes the rebalances since the last call.
    pub(crate) fn take_rebalances(&self) -> Vec<Rebalanced> {
        let mut pending = self.rebalances.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *pending)
    }

    /// Resolves after a rebalance that was not waited for yet.
    pub(crate) async fn rebalanced(&self) {
        self.rebalanced.notified().await;
    }

    /// Messages that wait for this reader, as of the last statistics (every 5 s).
    pub(crate) fn lag(&self) -> i64 {
        self.lag.load(Ordering::Relaxed)
    }

    fn push(&self, change: Rebalanced) {
        self.rebalances.lock().unwrap_or_else(PoisonError::into_inner).push(change);
        self.rebalanced.notify_one();
    }
}

fn partitions_of(list: &TopicPartitionList) -> Vec<(String, i32)> {
    list.elements().iter().map(|element| (element.topic().to_owned(), element.partition())).collect()
}

impl ClientContext for ReaderHooks {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        log_line(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::info!(target: "librdkafka", reader = self.reader, %error, "{reason}");
    }

    fn stats_raw(&self, statistics: &[u8]) {
        let topics = match serde_json::from_slice::<Statistics>(statistics) {
            Ok(statistics) => statistics.topics,
            Err(error) => {
                tracing::warn!(%error, "the statistics of librdkafka could not be read");
                return;
            }
        };
        let mut total = 0;
        for (name, topic) in topics {
            let lag: i64 = topic.partitions.values().map(PartitionStatistics::lag).sum();
            let name = name.strip_prefix(&self.prefix).unwrap_or(&name);
            self.metrics.lag.with_label_values(&[self.reader.as_str(), name]).set(lag);
            total += lag;
        }
        self.lag.store(total, Ordering::Relaxed);
    }
}

impl ConsumerContext for ReaderHooks {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => self.push(Rebalanced::Assigned(partitions_of(list))),
            Rebalance::Revoke(list) => self.push(Rebalanced::Revoked(partitions_of(list))),
            Rebalance::Error(error) => tracing::warn!(reader = self.reader, %error, "rebalance failed"),
        }
    }

    fn commit_callback(&self, result: Result<(), KafkaError>, _: &TopicPartitionList) {
        if let Err(error) = result {
            // Harmless by contract: events are repeated, and consumers are idempotent.
            tracing::info!(reader = self.reader, %error, "offsets were not committed");
        }
    }
}

/// The few statistics that are used; the library's own type parses hundreds.
#[derive(Deserialize)]
struct Statistics {
    #[serde(default)]
    topics: HashMap<String, TopicStatistics>,
}

#[derive(Deserialize)]
struct TopicStatistics {
    #[serde(default)]
    partitions: HashMap<String, PartitionStatistics>,
}

#[derive(Deserialize)]
struct PartitionStatistics {
    #[serde(default = "unknown")]
    hi_offset: i64,
    #[serde(default = "unknown")]
    app_offset: i64,
    #[serde(default = "unknown")]
    consumer_lag: i64,
    #[serde(default = "unknown")]
    consumer_lag_stored: i64,
}

fn unknown() -> i64 {
    -1
}

impl PartitionStatistics {
    /// The best known of: behind the stored offset, behind the committed one, behind what was handed out. 0 if unknown.
    fn lag(&self) -> i64 {
        let handed_out =
            if self.hi_offset >= 0 && self.app_offset >= 0 { self.hi_offset - self.app_offset } else { -1 };
        [self.consumer_lag_stored, self.consumer_lag, handed_out]
            .into_iter()
            .find(|lag| *lag >= 0)
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lag(json: &str) -> i64 {
        serde_json::from_str::<PartitionStatistics>(json).unwrap().lag()
    }

    #[test]
    fn lag_is_taken_from_the_best_known_position() {
        assert_eq!(lag(r#"{"hi_offset":10,"app_offset":9,"consumer_lag":5,"consumer_lag_stored":3}"#), 3);
        assert_eq!(lag(r#"{"hi_offset":10,"app_offset":9,"consumer_lag":5,"consumer_lag_stored":-1}"#), 5);
        assert_eq!(lag(r#"{"hi_offset":10,"app_offset":7,"consumer_lag":-1}"#), 3);
        assert_eq!(lag(r#"{"hi_offset":10,"app_offset":-1001,"consumer_lag":-1}"#), 0);
    }
}
