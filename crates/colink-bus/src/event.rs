//! What is handed to the producer.

use std::borrow::Cow;

use bytes::Bytes;
use colink_core::clock::Clock;
use colink_core::id::EventId;
use colink_core::time::Timestamp;
use colink_events::{Cause, Envelope, Event, Topic};
use rdkafka::message::{Header, OwnedHeaders};

use crate::error::BusError;

/// What the Kafka headers say about an event, so that nobody has to parse a payload to route or to trace it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHead {
    /// The event's id, the same for every repeat.
    pub id: EventId,
    /// E.g. `message.created`.
    pub kind: Cow<'static, str>,
    /// Version of the payload.
    pub version: u16,
    /// When it happened.
    pub at: Timestamp,
    /// W3C trace context of whoever caused it.
    pub traceparent: Option<String>,
}

impl EventHead {
    /// The head of an envelope.
    #[must_use]
    pub fn of(envelope: &Envelope) -> Self {
        Self {
            id: envelope.id,
            kind: Cow::Owned(envelope.kind.clone()),
            version: envelope.version,
            at: envelope.at,
            traceparent: envelope.traceparent.clone(),
        }
    }

    /// CloudEvents 1.0, Kafka protocol binding, binary mode: attributes are headers named `ce_…`.
    pub(crate) fn headers(&self, source: &str) -> OwnedHeaders {
        let mut headers = OwnedHeaders::new_with_capacity(8)
            .insert(text("ce_specversion", "1.0"))
            .insert(text("ce_id", &self.id.to_string()))
            .insert(text(CE_TYPE, &self.kind))
            .insert(text("ce_source", source))
            .insert(text("ce_time", &self.at.to_string()))
            .insert(text("content-type", "application/json"));
        if let Some(traceparent) = &self.traceparent {
            headers = headers.insert(text("traceparent", traceparent));
        }
        headers
    }
}

fn text<'a>(key: &'a str, value: &'a str) -> Header<'a, &'a str> {
    Header { key, value: Some(value) }
}

pub(crate) const CE_TYPE: &str = "ce_type";

/// One event on its way to one topic.
#[derive(Debug, Clone)]
pub struct OutgoingEvent {
    /// Name of the topic without the configured prefix.
    pub topic: Cow<'static, str>,
    /// Events of one key stay in order.
    pub key: String,
    /// The event's headers.
    pub head: EventHead,
    /// The envelope, serialised once.
    pub payload: Bytes,
}

impl OutgoingEvent {
    /// Seals an event into its envelope.
    ///
    /// # Errors
    /// [`BusError::Envelope`] when the event cannot be serialised.
    pub fn seal<E: Event>(event: &E, cause: &Cause, clock: &dyn Clock) -> Result<Self, BusError> {
        let envelope =
            Envelope::seal(event, cause, clock).map_err(|error| BusError::Envelope(Box::new(error)))?;
        Self::from_envelope(E::TOPIC, event.key(), &envelope)
    }

    /// Wraps an envelope that exists already.
    ///
    /// # Errors
    /// [`BusError::Envelope`] when it cannot be serialised.
    pub fn from_envelope(topic: Topic, key: String, envelope: &Envelope) -> Result<Self, BusError> {
        let payload = envelope.to_bytes().map_err(|error| BusError::Envelope(Box::new(error)))?;
        Ok(Self {
            topic: Cow::Borrowed(topic.name()),
            key,
            head: EventHead::of(envelope),
            payload: Bytes::from(payload),
        })
    }

    /// Wraps a stored envelope: the bytes are forwarded as they are, only the head is read.
    ///
    /// # Errors
    /// [`BusError::Envelope`] when the bytes are not an envelope.
    pub fn from_stored(topic: String, key: String, payload: Bytes) -> Result<Self, BusError> {
        let head = EventHead::parse(&payload)?;
        Ok(Self { topic: Cow::Owned(topic), key, head, payload })
    }
}

impl EventHead {
    /// Reads the head of a stored envelope.
    ///
    /// # Errors
    /// [`BusError::Envelope`] when the bytes are not an envelope.
    pub fn parse(payload: &[u8]) -> Result<Self, BusError> {
        let envelope = Envelope::from_slice(payload).map_err(|error| BusError::Envelope(Box::new(error)))?;
        Ok(Self::of(&envelope))
    }
}

/// The topic that mirrors a type for outside consumers, if the type is mirrored.
pub(crate) fn mirror_topic(kind: &str) -> Option<&'static str> {
    colink_events::mirrored_types().find(|mirrored| *mirrored == kind)
}
