//! An entry of the audit log: written once, never changed.

use std::borrow::Cow;

use colink_core::id::{EventId, RequestId, WorkspaceId};
use colink_core::time::Timestamp;
use colink_events::Actor;
use serde_json::{Map, Value};

/// Who did what to what, when, and from where.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// The id of the event.
    pub(crate) id: EventId,
    /// When it happened.
    pub(crate) at: Timestamp,
    /// What happened: the type of the event.
    pub(crate) action: String,
    /// The workspace it happened in.
    pub(crate) workspace_id: Option<WorkspaceId>,
    /// Who did it and from where; none for the system itself.
    pub(crate) actor: Option<Actor>,
    /// What it was done to.
    pub(crate) resource: Resource,
    /// The request it happened in.
    pub(crate) request_id: Option<RequestId>,
    /// What else is recorded of this type of event: ids, roles, states; nothing that a user wrote in a channel.
    pub(crate) details: Map<String, Value>,
    /// Where the event stands in its stream.
    pub(crate) place: Place,
}

/// What an action was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resource {
    /// The sort of thing: `message`, `user`, and so on.
    pub(crate) kind: String,
    /// Its id; none when it is not known, such as the user of a sign-in with a wrong address.
    pub(crate) id: Option<String>,
}

/// A place in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The stream's name, without an installation's prefix.
    pub(crate) topic: Cow<'static, str>,
    /// The partition.
    pub(crate) partition: i32,
    /// The offset in the partition.
    pub(crate) offset: i64,
}
