//! What makes a payload an event.

use colink_core::id::WorkspaceId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::topic::Topic;

/// A payload with its place among the streams. A type and version mean one shape for ever: fields are
/// only added, and a new meaning is a new version.
pub trait Event: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The stream it belongs to.
    const TOPIC: Topic;
    /// Its name, past tense after a dot: `message.created`.
    const TYPE: &'static str;
    /// The version of its shape.
    const VERSION: u16;
    /// Whether the relay also copies it to a topic named after the type, for outside consumers.
    const MIRRORED: bool = false;

    /// What its order matters within: events of one key stay in order.
    fn key(&self) -> String;

    /// The workspace it happened in, if it happened in one.
    fn workspace_id(&self) -> Option<WorkspaceId>;

    /// Its number in the channel's log, for the events that have one.
    fn seq(&self) -> Option<i64> {
        None
    }
}

/// Implements [`Event`] for a payload: stream, type, version and mirroring, then key and workspace, and
/// `seq` for the events of a channel's log.
macro_rules! event {
    ($name:ident = $topic:ident $kind:literal v $version:literal $(mirrored $mirrored:literal)?;
     |$event:ident| $key:expr, $workspace:expr $(, seq $seq:expr)?) => {
        impl $crate::Event for $name {
            const TOPIC: $crate::Topic = $crate::Topic::$topic;
            const TYPE: &'static str = $kind;
            const VERSION: u16 = $version;
            $(const MIRRORED: bool = $mirrored;)?

            fn key(&self) -> String {
                let $event = self;
                $key.to_string()
            }

            fn workspace_id(&self) -> Option<colink_core::id::WorkspaceId> {
                let $event = self;
                $workspace($event)
            }

            $(fn seq(&self) -> Option<i64> {
                let $event = self;
                $seq
            })?
        }
    };
}

pub(crate) use event;
