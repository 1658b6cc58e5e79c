//! `GET /internal/workspaces/{workspace_id}/members/{user_id}`: a user's role in a workspace.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::{UserId, WorkspaceId};
use colink_core::role::WorkspaceRole;
use colink_http::{ApiResult, Path as PathParam, Reply};
use serde::Serialize;

use crate::error::Error;
use crate::state::State;
use crate::store::workspaces;

/// The role of an active member.
#[derive(Debug, Serialize)]
pub(crate) struct MemberRole {
    role: WorkspaceRole,
    /// The workspace is closed to sessions that were not proven by a second factor.
    require_mfa: bool,
}

/// 404 when he is no active member, or the workspace is deleted.
pub(crate) async fn get_workspace_member(
    state: Data<State>,
    _: InternalCaller,
    PathParam((workspace, user)): PathParam<(WorkspaceId, UserId)>,
) -> ApiResult<Reply<MemberRole>> {
    let seated = workspaces::find_seated(&state.pool, workspace, user).await?;
    let seated = seated.ok_or(Error::NotFound("member"))?;
    let role = seated.role.ok_or(Error::NotFound("member"))?;
    Ok(Reply::ok(MemberRole { role, require_mfa: seated.workspace.require_mfa }))
}
