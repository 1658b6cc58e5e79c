//! Writes the dead letters, and reads from them which keys are parked.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use colink_events::Topic;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::record::{Place, Record};
use crate::client::Quiet;
use crate::config::KafkaConfig;
use crate::error::BusError;
use crate::producer::{Producer, Record as Outgoing};

/// Header: the group that could not handle the event.
pub const HEADER_CONSUMER: &str = "x-consumer";
/// Header: why, for a reader of logs.
pub const HEADER_ERROR: &str = "x-error";
/// Header: how often it was tried; 0 for an event that came after its key was parked.
pub const HEADER_TRIES: &str = "x-attempts";
/// Header: the stream it came from, without prefix.
pub const HEADER_ORIGINAL_TOPIC: &str = "x-original-topic";
/// Header: its partition there.
pub const HEADER_ORIGINAL_PARTITION: &str = "x-original-partition";
/// Header: its offset there; a redrive keeps this order.
pub const HEADER_ORIGINAL_OFFSET: &str = "x-original-offset";
/// Header: `key` when the key is parked with it, `event` when it went alone, `released` when the key's events before it have
/// been handled after all.
pub const HEADER_PARKED: &str = "x-parked";

const PARKED_KEY: &str = "key";
const PARKED_EVENT: &str = "event";
const RELEASED: &str = "released";
/// A longer reason is cut, so that a record with its headers stays within the broker's limit.
const ERROR_CHARS: usize = 1000;
const READ_PATIENCE: Duration = Duration::from_secs(30);

/// Why an event goes to the dead letters.
#[derive(Debug, Clone)]
pub(super) struct Reason {
    pub(super) error: String,
    pub(super) tries: u32,
    pub(super) parks_key: bool,
}

pub(super) struct DeadLetters {
    group: String,
    config: KafkaConfig,
    producer: Producer,
    /// The letters themselves are wanted, and not only their keys.
    redrive: bool,
}

impl DeadLetters {
    pub(super) fn new(group: &str, config: &KafkaConfig, producer: Producer, redrive: bool) -> Self {
        Self { group: group.to_owned(), config: config.clone(), producer, redrive }
    }

    /// Stores the record in the dead-letter topic of its stream, however long the broker takes.
    pub(super) async fn write(&self, record: &Record, reason: &Reason) -> Result<(), BusError> {
        let topic = self.config.topic(&record.topic.dlq());
        self.producer
            .store(|sink| Outgoing {
                topic: &topic,
                partition: Some(record.partition),
                key: &record.key,
                payload: &record.payload,
                headers: self.headers(record, reason),
                at_ms: None,
                sink,
            })
            .await
    }

    /// Notes that a key's dead letters have been handled: from here on it is not parked.
    pub(super) async fn release(&self, (topic, partition): Place, key: &Bytes) -> Result<(), BusError> {
        let name = self.config.topic(&topic.dlq());
        let headers = || {
            [(HEADER_CONSUMER, self.group.as_str()), (HEADER_PARKED, RELEASED)]
                .into_iter()
                .fold(OwnedHeaders::new(), |headers, (key, value)| {
                    headers.insert(Header { key, value: Some(value) })
                })
        };
        self.producer
            .store(|sink| Outgoing {
                topic: &name,
                partition: Some(partition),
                key,
                payload: &[],
                headers: headers(),
                at_ms: None,
                sink,
            })
            .await
    }

    fn headers(&self, record: &Record, reason: &Reason) -> OwnedHeaders {
        let error: String = reason.error.chars().take(ERROR_CHARS).collect();
        let parked = if reason.parks_key { PARKED_KEY } else { PARKED_EVENT };
        let original = record.headers.clone().unwrap_or_else(|| OwnedHeaders::new_with_capacity(8));
        [
            (HEADER_CONSUMER, self.group.as_str()),
            (HEADER_ERROR, &error),
            (HEADER_TRIES, &reason.tries.to_string()),
            (HEADER_ORIGINAL_TOPIC, record.topic.name()),
            (HEADER_ORIGINAL_PARTITION, &record.partition.to_string()),
            (HEADER_ORIGINAL_OFFSET, &record.offset.to_string()),
            (HEADER_PARKED, parked),
        ]
        .into_iter()
        .fold(original, |headers, (key, value)| headers.insert(Header { key, value: Some(value) }))
    }

    /// The keys of this group that are parked in each of the partitions; for a redrive each with its dead letters in their
    /// original order. `moves` is raised by every letter that is read. Blocks: for a thread that may.
    pub(super) fn read_parked(
        &self,
        places: &[Place],
        moves: &AtomicU64,
    ) -> Result<HashMap<Place, Parked>, BusError> {
        let reader: BaseConsumer<Quiet> = self.config.following("dead-letters").create_with_context(Quiet)?;
        let mut parked: HashMap<Place, Parked> = places.iter().map(|place| (*place, Parked::new())).collect();
        let mut ends = HashMap::new();
        let mut assignment = TopicPartitionList::new();
        for (topic, partition) in places {
            let name = self.config.topic(&topic.dlq());
            let (low, high) = reader.fetch_watermarks(&name, *partition, READ_PATIENCE)?;
            if high > low {
                assignment.add_partition_offset(&name, *partition, Offset::Offset(low))?;
                ends.insert((name, *partition), (*topic, high));
            }
        }
        if !ends.is_empty() {
            reader.assign(&assignment)?;
            self.read_to_ends(&reader, ends, &mut parked, moves)?;
        }
        parked.values_mut().flat_map(Parked::values_mut).for_each(|letters| {
            letters.sort_by_key(|letter| letter.offset);
        });
        Ok(parked)
    }

    fn read_to_ends(
        &self,
        reader: &BaseConsumer<Quiet>,
        mut ends: HashMap<(String, i32), (Topic, i64)>,
        parked: &mut HashMap<Place, Parked>,
        moves: &AtomicU64,
    ) -> Result<(), BusError> {
        let mut heard_at = Instant::now();
        while !ends.is_empty() {
            if heard_at.elapsed() > READ_PATIENCE {
                return Err(BusError::Deadline(READ_PATIENCE));
            }
            let Some(message) = reader.poll(Duration::from_millis(200)).transpose()? else {
                continue;
            };
            heard_at = Instant::now();
            moves.fetch_add(1, Ordering::Relaxed);
            let at = (message.topic().to_owned(), message.partition());
            let Some((topic, end)) = ends.get(&at).copied() else {
                continue;
            };
            self.take_letter(parked.entry((topic, message.partition())).or_default(), topic, &message);
            if message.offset() + 1 >= end {
                ends.remove(&at);
            }
        }
        Ok(())
    }

    fn take_letter(&self, parked: &mut Parked, topic: Topic, message: &BorrowedMessage<'_>) {
        if header(message, HEADER_CONSUMER) != Some(self.group.as_bytes()) {
            return;
        }
        let key = message.key().unwrap_or_default();
        let state = header(message, HEADER_PARKED).unwrap_or_default();
        if state == RELEASED.as_bytes() {
            parked.remove(key);
        } else if state == PARKED_KEY.as_bytes() {
            let letters = parked.entry(Bytes::copy_from_slice(key)).or_default();
            if self.redrive {
                let mut letter = Record::read(topic, message);
                letter.offset = number(header(message, HEADER_ORIGINAL_OFFSET)).unwrap_or(letter.offset);
                letters.push(letter);
            }
        }
    }
}

/// Parked keys, with their dead letters when those are redriven.
pub(super) type Parked = HashMap<Bytes, Vec<Record>>;

fn number(text: Option<&[u8]>) -> Option<i64> {
    std::str::from_utf8(text?).ok()?.parse().ok()
}

/// The value of a header.
pub(crate) fn header<'a>(message: &'a BorrowedMessage<'_>, name: &str) -> Option<&'a [u8]> {
    message.headers()?.iter().find(|header| header.key == name)?.value
}
