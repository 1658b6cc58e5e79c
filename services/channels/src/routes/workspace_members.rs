//! Who is in a workspace.

use colink_core::id::UserId;
use colink_core::role::WorkspaceRole;
use colink_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::users::Profile;
use crate::store::workspace_members::NamedWorkspaceMember;

pub(super) mod add;
pub(super) mod list;
pub(super) mod patch;
pub(super) mod remove;
pub(super) mod update;

/// An active member.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkspaceMemberView {
    /// The user.
    user_id: UserId,
    /// His names and picture.
    #[serde(flatten)]
    profile: Profile,
    /// His role.
    role: WorkspaceRole,
    /// When he joined.
    joined_at: Timestamp,
}

impl From<NamedWorkspaceMember> for WorkspaceMemberView {
    fn from(named: NamedWorkspaceMember) -> Self {
        let NamedWorkspaceMember { member, profile } = named;
        Self { user_id: member.user_id, profile, role: member.role, joined_at: member.joined_at }
    }
}
