//! A record as it was read.

use bytes::Bytes;
use colink_events::Topic;
use rdkafka::message::{BorrowedMessage, Message as _, OwnedHeaders};

/// One record of a stream.
#[derive(Debug, Clone)]
pub struct Record {
    /// The stream.
    pub topic: Topic,
    /// Its partition.
    pub partition: i32,
    /// Its place in the partition.
    pub offset: i64,
    /// The key; empty if there was none.
    pub key: Bytes,
    /// The envelope's bytes.
    pub payload: Bytes,
    pub(crate) headers: Option<OwnedHeaders>,
}

impl Record {
    pub(crate) fn read(topic: Topic, message: &BorrowedMessage<'_>) -> Self {
        Self {
            topic,
            partition: message.partition(),
            offset: message.offset(),
            key: Bytes::copy_from_slice(message.key().unwrap_or_default()),
            payload: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
            headers: message.headers().map(rdkafka::message::BorrowedHeaders::detach),
        }
    }

    pub(super) fn place(&self) -> Place {
        (self.topic, self.partition)
    }
}

/// A partition of a stream.
pub(super) type Place = (Topic, i32);

/// What waits in a partition's queue.
pub(super) enum Item {
    /// The next record of the stream.
    Record(Record),
    /// The dead letters of one key, in their original order.
    Redrive(Vec<Record>),
}
