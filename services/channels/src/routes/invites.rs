//! Invitations.

use colink_core::id::{InviteId, UserId, WorkspaceId};
use colink_core::role::WorkspaceRole;
use colink_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::invites::Invite;

pub(super) mod accept;
pub(super) mod create;
pub(super) mod list;
pub(super) mod revoke;

/// An invitation, without its token.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InviteView {
    /// Its id.
    id: InviteId,
    /// The workspace.
    workspace_id: WorkspaceId,
    /// The address of the only user who may accept; null for a link.
    email: Option<String>,
    /// The role that waits.
    role: WorkspaceRole,
    /// How many may accept.
    max_uses: i32,
    /// How many have.
    uses: i32,
    /// When it ends.
    expires_at: Timestamp,
    /// Who invites.
    created_by: UserId,
    /// Since when.
    created_at: Timestamp,
}

impl From<Invite> for InviteView {
    fn from(invite: Invite) -> Self {
        let Invite { id, workspace_id, email, role, max_uses, uses, created_by, created_at, expires_at } =
            invite;
        Self { id, workspace_id, email, role, max_uses, uses, expires_at, created_by, created_at }
    }
}
