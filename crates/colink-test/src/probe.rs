//! Reading a stream of the broker, to await the event that a request caused.

use std::time::Duration;

use colink_events::{Envelope, Event, Topic};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::environment::Environment;
use crate::eventually::SOON;

const BROKER_PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(100);

/// A reader of one stream from its beginning, without a consumer group. It keeps what it has read, so events may be
/// awaited in any order; other tests of the same binary write to the same topic, so match on your own ids.
#[derive(Debug)]
pub struct KafkaProbe {
    topic: String,
    incoming: mpsc::UnboundedReceiver<Envelope>,
    seen: Vec<Envelope>,
}

impl KafkaProbe {
    /// Reads the stream `topic` under `prefix`; the topic must be there.
    ///
    /// # Panics
    /// When the broker is down or the topic is missing.
    #[must_use]
    pub fn start(prefix: &str, topic: Topic) -> Self {
        Self::of_topic(&format!("{prefix}{}", topic.name()))
    }

    /// Reads any topic by its full name: a dead-letter topic, a mirror.
    ///
    /// # Panics
    /// When the broker is down or the topic is missing.
    #[must_use]
    pub fn of_topic(topic: &str) -> Self {
        let consumer = assigned_consumer(topic);
        let (sender, incoming) = mpsc::unbounded_channel();
        let name = topic.to_owned();
        std::thread::Builder::new()
            .name("kafka probe".to_owned())
            .spawn(move || forward(&consumer, &sender, &name))
            .expect("a thread");
        Self { topic: topic.to_owned(), incoming, seen: Vec::new() }
    }

    /// Waits for an event that `wanted` accepts, among those read already and those to come.
    ///
    /// # Panics
    /// When it does not come within [`SOON`]; the message lists what came.
    pub async fn await_envelope(&mut self, what: &str, wanted: impl Fn(&Envelope) -> bool) -> Envelope {
        if let Some(found) = self.seen.iter().find(|envelope| wanted(envelope)) {
            return found.clone();
        }
        let end = Instant::now() + SOON;
        while let Ok(Some(envelope)) = timeout_at(end, self.incoming.recv()).await {
            let found = wanted(&envelope);
            self.seen.push(envelope.clone());
            if found {
                return envelope;
            }
        }
        panic!("{what} did not come on {} within {SOON:?}; {}", self.topic, self.summary());
    }

    /// Waits for an event of type `E` whose payload `wanted` accepts.
    ///
    /// # Panics
    /// When it does not come within [`SOON`].
    pub async fn await_event<E: Event>(&mut self, wanted: impl Fn(&E) -> bool) -> (E, Envelope) {
        let envelope = self
            .await_envelope(E::TYPE, |envelope| {
                envelope.kind == E::TYPE && envelope.open::<E>().is_ok_and(|event| wanted(&event))
            })
            .await;
        let event = envelope.open::<E>().unwrap_or_else(|error| panic!("{}: {error}", E::TYPE));
        (event, envelope)
    }

    /// What has been read so far, in the order of reading (which is the broker's order per key).
    pub fn seen(&mut self) -> &[Envelope] {
        while let Ok(envelope) = self.incoming.try_recv() {
            self.seen.push(envelope);
        }
        &self.seen
    }

    fn summary(&self) -> String {
        let last = self.seen.iter().rev().take(20).map(|envelope| envelope.kind.as_str());
        let last: Vec<&str> = last.collect();
        format!("{} events came, the last were {}", self.seen.len(), last.join(", "))
    }
}

/// Ends when the probe is dropped: the first send or poll after that notices.
fn forward(consumer: &BaseConsumer, sender: &mpsc::UnboundedSender<Envelope>, topic: &str) {
    while !sender.is_closed() {
        let Some(Ok(message)) = consumer.poll(POLL) else { continue };
        let payload = message.payload().unwrap_or_default();
        match Envelope::from_slice(payload) {
            // A failed send means that the probe is gone, which ends the loop.
            Ok(envelope) => drop(sender.send(envelope)),
            Err(error) => tracing::warn!(topic, "not an envelope: {error}"),
        }
    }
}

fn assigned_consumer(topic: &str) -> BaseConsumer {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", Environment::get().kafka())
        .set("group.id", "colink-test-probe")
        .set("enable.auto.commit", "false")
        .set("fetch.wait.max.ms", "5")
        .set("fetch.error.backoff.ms", "50")
        .create()
        .expect("a Kafka client");
    let metadata = consumer
        .fetch_metadata(Some(topic), BROKER_PATIENCE)
        .unwrap_or_else(|error| panic!("Kafka at {}: {error}", Environment::get().kafka()));
    let partitions = metadata.topics().first().map(|topic| topic.partitions().len()).unwrap_or_default();
    assert!(partitions > 0, "the topic {topic} does not exist: start a service of this stage first");
    let mut assignment = TopicPartitionList::new();
    for partition in 0..partitions {
        let partition = i32::try_from(partition).expect("few partitions");
        assignment.add_partition_offset(topic, partition, Offset::Beginning).expect("an offset");
    }
    consumer.assign(&assignment).expect("an assignment");
    consumer
}
