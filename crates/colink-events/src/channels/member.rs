//! Who is in a workspace.

use colink_core::id::{InviteId, UserId, WorkspaceId};
use colink_core::role::WorkspaceRole;
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::event;

/// Somebody was invited into a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberInvited {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The invitation.
    pub invite_id: InviteId,
    /// SHA-256 of the normalised address in lower-case hex, never the address; none for a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_hash: Option<String>,
    /// The role that waits for him.
    pub role: WorkspaceRole,
    /// Who invited.
    pub invited_by: UserId,
}

event!(MemberInvited = Channels "member.invited" v 1;
    |e| e.workspace_id, |e: &Self| Some(e.workspace_id));

/// A membership as it stands after the event; after its end, the role it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberPayload {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The member.
    pub user_id: UserId,
    /// His role.
    pub role: WorkspaceRole,
    /// Counts the membership's changes, through its end and return.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// Who did it, when it was not the member himself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
}

/// A user became a member of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemberJoined(pub MemberPayload);

event!(MemberJoined = Channels "member.joined" v 1;
    |e| e.0.workspace_id, |e: &Self| Some(e.0.workspace_id));

/// A member was given another role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemberRoleChanged(pub MemberPayload);

event!(MemberRoleChanged = Channels "member.role_changed" v 1;
    |e| e.0.workspace_id, |e: &Self| Some(e.0.workspace_id));

/// A member left the workspace, and with it every channel of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemberLeft(pub MemberPayload);

event!(MemberLeft = Channels "member.left" v 1;
    |e| e.0.workspace_id, |e: &Self| Some(e.0.workspace_id));

/// A member was removed from the workspace, and with it from every channel of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemberRemoved(pub MemberPayload);

event!(MemberRemoved = Channels "member.removed" v 1;
    |e| e.0.workspace_id, |e: &Self| Some(e.0.workspace_id));
