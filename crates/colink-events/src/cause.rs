//! Who caused an event and within which request; it travels through HTTP, jobs and consumers, so that
//! the audit log can always answer who and from where.

use std::net::IpAddr;

use colink_core::id::{RequestId, SessionId, UserId};
use serde::{Deserialize, Serialize};

/// Who did it and from where, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The user; none for anonymous calls and for the system itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// His session; with an API key that of the key's secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// The client's address as the gateway saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// The client's `User-Agent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// The context an event is caused in. The default is the system itself, such as a job on a timer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    /// Who caused it; none for the system itself.
    pub actor: Option<Actor>,
    /// The request it happened in.
    pub request_id: Option<RequestId>,
    /// The W3C trace context of the span it happened in.
    pub traceparent: Option<String>,
}
