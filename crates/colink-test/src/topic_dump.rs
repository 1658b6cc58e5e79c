//! Everything that stands in the topics of a stage, as it stands there.

use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::environment::Environment;
use crate::eventually::SOON;

const BROKER_PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(100);

/// One record.
#[derive(Clone, Debug)]
pub struct Record {
    /// The topic.
    pub topic: String,
    /// Key, headers and value, one after the other.
    pub text: String,
}

/// Every record under `prefix`, dead letters included, up to what was there when it was called.
///
/// # Panics
/// When the broker is down or slower than [`SOON`].
pub async fn dump_topics(prefix: &str) -> Vec<Record> {
    let prefix = prefix.to_owned();
    tokio::task::spawn_blocking(move || read(&prefix)).await.expect("a joined thread")
}

fn read(prefix: &str) -> Vec<Record> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", Environment::get().kafka())
        .set("group.id", "colink-test-dump")
        .set("enable.auto.commit", "false")
        .create()
        .expect("a Kafka client");
    let (assignment, expected) = everything(&consumer, prefix);
    consumer.assign(&assignment).expect("an assignment");
    let (mut records, end) = (Vec::new(), Instant::now() + SOON);
    while i64::try_from(records.len()).unwrap_or(i64::MAX) < expected {
        assert!(Instant::now() < end, "{} of {expected} records of {prefix} within {SOON:?}", records.len());
        let Some(Ok(message)) = consumer.poll(POLL) else { continue };
        let mut text = String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned();
        for header in message.headers().iter().flat_map(|headers| headers.iter()) {
            text += &format!(" {}={}", header.key, String::from_utf8_lossy(header.value.unwrap_or_default()));
        }
        text += &format!(" {}", String::from_utf8_lossy(message.payload().unwrap_or_default()));
        records.push(Record { topic: message.topic().to_owned(), text });
    }
    records
}

/// Every partition from its beginning, and how many records there are.
fn everything(consumer: &BaseConsumer, prefix: &str) -> (TopicPartitionList, i64) {
    let metadata = consumer.fetch_metadata(None, BROKER_PATIENCE).expect("a broker");
    let (mut assignment, mut expected) = (TopicPartitionList::new(), 0);
    for topic in metadata.topics().iter().filter(|topic| topic.name().starts_with(prefix)) {
        for partition in topic.partitions() {
            let bounds = consumer.fetch_watermarks(topic.name(), partition.id(), BROKER_PATIENCE);
            let (low, high) = bounds.unwrap_or_else(|error| panic!("{}: {error}", topic.name()));
            expected += high - low;
            let offset = Offset::Beginning;
            assignment.add_partition_offset(topic.name(), partition.id(), offset).expect("an offset");
        }
    }
    (assignment, expected)
}
