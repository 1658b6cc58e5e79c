//! Workspaces.

use colink_core::id::{UserId, WorkspaceId};
use colink_core::role::WorkspaceRole;
use colink_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::workspaces::{SeatedWorkspace, Workspace};

pub(super) mod create;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod leave;
pub(super) mod list;
pub(super) mod patch;
pub(super) mod update;

/// A workspace as the caller sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkspaceView {
    /// Its id.
    pub(super) id: WorkspaceId,
    /// Its name.
    #[schema(example = "Analytical Engines")]
    name: String,
    /// Its unique name in URLs.
    #[schema(example = "analytical-engines")]
    slug: String,
    /// Who created it, or was given it since.
    owner_id: UserId,
    /// Its plan.
    #[schema(example = "free")]
    plan: String,
    /// Most active members; null for no limit.
    member_limit: Option<i64>,
    /// Features beyond the plan.
    features: Vec<String>,
    /// It is closed to sessions that were not proven by a second factor.
    require_mfa: bool,
    /// The caller's role; null for a realm admin who is no member.
    role: Option<WorkspaceRole>,
    /// When it was created.
    created_at: Timestamp,
    /// When it last changed.
    updated_at: Timestamp,
}

impl From<SeatedWorkspace> for WorkspaceView {
    fn from(seated: SeatedWorkspace) -> Self {
        let SeatedWorkspace { workspace, role, .. } = seated;
        let Workspace { id, name, slug, owner_id, plan, member_limit, features, require_mfa, .. } = workspace;
        let (created_at, updated_at) = (workspace.created_at, workspace.updated_at);
        Self {
            id,
            name,
            slug,
            owner_id,
            plan,
            member_limit,
            features,
            require_mfa,
            role,
            created_at,
            updated_at,
        }
    }
}

/// The entity tag of the view: of the workspace's version and of the caller's membership.
pub(super) fn tag(seated: &SeatedWorkspace) -> String {
    format!("\"v{}.{}\"", seated.workspace.version, seated.member_version)
}
