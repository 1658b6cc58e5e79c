//! Workspaces come, change and go.

use colink_core::id::{UserId, WorkspaceId};
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::event;

/// A workspace as it stands after the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspacePayload {
    /// The workspace.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// Its unique name in URLs.
    pub slug: String,
    /// Who created it, or was given it since.
    pub owner_id: UserId,
    /// Its plan.
    pub plan: String,
    /// Most members; none for no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_limit: Option<i64>,
    /// It is closed to sessions that were not proven by a second factor.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_mfa: bool,
    /// Counts the workspace's changes.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
}

/// A workspace was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceCreated {
    /// The workspace.
    pub workspace: WorkspacePayload,
}

event!(WorkspaceCreated = Channels "workspace.created" v 1;
    |e| e.workspace.id, |e: &Self| Some(e.workspace.id));

/// A workspace changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceUpdated {
    /// The workspace.
    pub workspace: WorkspacePayload,
}

event!(WorkspaceUpdated = Channels "workspace.updated" v 1;
    |e| e.workspace.id, |e: &Self| Some(e.workspace.id));

/// A workspace was deleted; everything in it is closed to everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceDeleted {
    /// The workspace.
    pub workspace: WorkspacePayload,
}

event!(WorkspaceDeleted = Channels "workspace.deleted" v 1;
    |e| e.workspace.id, |e: &Self| Some(e.workspace.id));
