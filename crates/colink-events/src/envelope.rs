//! The envelope around every event: what happened, when, where, and through whom.

use colink_core::clock::Clock;
use colink_core::id::{EventId, RequestId, WorkspaceId};
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::cause::{Actor, Cause};
use crate::event::Event;

/// One event as it is stored, sent and read back. The payload stays the text it was sealed as, so a
/// relay or a socket passes it on without parsing it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    /// The event's id, the same on every delivery.
    pub id: EventId,
    /// What happened: [`Event::TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// The version of the payload's shape.
    pub version: u16,
    /// When it happened.
    pub at: Timestamp,
    /// The workspace it happened in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// Who caused it; none for the system itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// The request it happened in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The W3C trace context of the span it happened in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Its number in the channel's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// The payload, as JSON text.
    pub data: Box<RawValue>,
}

/// A payload that has no JSON form.
#[derive(Debug, thiserror::Error)]
#[error("an event cannot be written as JSON")]
pub struct SealError(#[from] serde_json::Error);

/// Bytes that are no envelope.
#[derive(Debug, thiserror::Error)]
#[error("the bytes are no event envelope: {0}")]
pub struct ReadError(#[from] serde_json::Error);

/// A payload that is not what the reader takes it for.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is another event.
    #[error("expected {expected} v{expected_version}, got {found} v{found_version}")]
    Other {
        /// The type that was asked for.
        expected: &'static str,
        /// The version that was asked for.
        expected_version: u16,
        /// The type in the envelope.
        found: String,
        /// The version in the envelope.
        found_version: u16,
    },
    /// It is the right event and its payload cannot be read.
    #[error("the payload of {kind} v{version} cannot be read: {source}")]
    Payload {
        /// The type in the envelope.
        kind: &'static str,
        /// The version in the envelope.
        version: u16,
        /// Where the payload differs from its shape.
        source: serde_json::Error,
    },
}

impl Envelope {
    /// Puts an event that happens now into a new envelope.
    ///
    /// # Errors
    /// [`SealError`] when the payload has no JSON form.
    pub fn seal<E: Event>(event: &E, cause: &Cause, clock: &dyn Clock) -> Result<Self, SealError> {
        Ok(Self {
            id: EventId::generate(clock),
            kind: E::TYPE.to_owned(),
            version: E::VERSION,
            at: clock.timestamp(),
            workspace_id: event.workspace_id(),
            actor: cause.actor.clone(),
            request_id: cause.request_id.clone(),
            traceparent: cause.traceparent.clone(),
            seq: event.seq(),
            data: serde_json::value::to_raw_value(event)?,
        })
    }

    /// Whether this is the event `E` in the version that `E` reads.
    pub fn is<E: Event>(&self) -> bool {
        self.kind == E::TYPE && self.version == E::VERSION
    }

    /// Takes the event out.
    ///
    /// # Errors
    /// [`OpenError`] when it is another event, or its payload cannot be read.
    pub fn open<E: Event>(&self) -> Result<E, OpenError> {
        if !self.is::<E>() {
            return Err(OpenError::Other {
                expected: E::TYPE,
                expected_version: E::VERSION,
                found: self.kind.clone(),
                found_version: self.version,
            });
        }
        serde_json::from_str(self.data.get()).map_err(|source| OpenError::Payload {
            kind: E::TYPE,
            version: E::VERSION,
            source,
        })
    }

    /// The context of this event, for events that follow from it.
    pub fn cause(&self) -> Cause {
        Cause {
            actor: self.actor.clone(),
            request_id: self.request_id.clone(),
            traceparent: self.traceparent.clone(),
        }
    }

    /// The envelope as JSON.
    ///
    /// # Errors
    /// [`SealError`] when it cannot be written, which its types leave no way for.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SealError> {
        Ok(serde_json::to_vec(self)?)
    }

    /// Reads an envelope; fields it does not know are passed over.
    ///
    /// # Errors
    /// [`ReadError`] when the bytes are no envelope.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, ReadError> {
        Ok(serde_json::from_slice(bytes)?)
    }
}
