//! The audit log as administrators see it.

pub(crate) mod get;
pub(crate) mod list;

use colink_core::id::{EventId, SessionId, UserId, WorkspaceId};
use colink_core::time::Timestamp;
use colink_events::Actor;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::entry::Entry;

/// One event: who did what to what, when and from where.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// The id of the event.
    id: EventId,
    /// When it happened.
    at: Timestamp,
    /// What happened: the type of the event.
    #[schema(example = "member.removed")]
    action: String,
    /// The workspace it happened in; null outside of workspaces.
    workspace_id: Option<WorkspaceId>,
    /// Who did it; null for the system itself, such as a job.
    actor: Option<AuditActor>,
    /// What it was done to.
    resource: AuditResource,
    /// The request it happened in.
    #[schema(example = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a")]
    request_id: Option<String>,
    /// What else is recorded of this action: ids, roles, states. Never what users wrote.
    #[schema(value_type = Object, example = json!({ "role": "member", "version": 5 }))]
    details: Map<String, Value>,
    /// The stream that the event came through.
    #[schema(example = "colink.channels")]
    topic: String,
    /// Its partition there.
    partition: i32,
    /// Its offset in the partition.
    offset: i64,
}

/// Who did it and from where, as far as it is known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditActor {
    /// The user; null for anonymous calls.
    user_id: Option<UserId>,
    /// His session.
    session_id: Option<SessionId>,
    /// The client's address.
    #[schema(example = "203.0.113.7")]
    ip: Option<String>,
    /// The client's `User-Agent`.
    #[schema(example = "Mozilla/5.0")]
    user_agent: Option<String>,
}

/// What an action was done to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditResource {
    /// The sort of thing.
    #[serde(rename = "type")]
    #[schema(example = "user")]
    kind: String,
    /// Its id; null when it is not known.
    #[schema(example = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a")]
    id: Option<String>,
}

impl From<Actor> for AuditActor {
    fn from(actor: Actor) -> Self {
        Self {
            user_id: actor.user_id,
            session_id: actor.session_id,
            ip: actor.ip.map(|ip| ip.to_string()),
            user_agent: actor.user_agent,
        }
    }
}

impl From<Entry> for AuditEntry {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            at: entry.at,
            action: entry.action,
            workspace_id: entry.workspace_id,
            actor: entry.actor.map(AuditActor::from),
            resource: AuditResource { kind: entry.resource.kind, id: entry.resource.id },
            request_id: entry.request_id.map(String::from),
            details: entry.details,
            topic: entry.place.topic.into_owned(),
            partition: entry.place.partition,
            offset: entry.place.offset,
        }
    }
}
