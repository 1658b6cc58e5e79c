//! `PUT /workspaces/{id}/members/{user_id}`: gives a member another role.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::{UserId, WorkspaceId};
use colink_core::permission::{Action, may_change_role};
use colink_core::role::WorkspaceRole;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Path as PathParam, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::WorkspaceMemberView;
use crate::access::WorkspaceAccess;
use crate::change::Change;
use crate::error::Error;
use crate::membership;
use crate::state::State;
use crate::store::workspace_members;

/// The new role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateWorkspaceMember {
    /// The role.
    #[serde(default)]
    #[schema(value_type = WorkspaceRole)]
    role: String,
}

/// Gives a member another role: nobody touches or gives a role above his own, and an owner stays. `PATCH` does the same.
#[utoipa::path(
    put, path = "/workspaces/{workspace_id}/members/{user_id}", operation_id = "update_workspace_member",
    tag = "members",
    params(
        ("workspace_id" = WorkspaceId, Path, description = "The workspace"),
        ("user_id" = UserId, Path, description = "The member"),
    ),
    request_body(content = UpdateWorkspaceMember, example = json!({ "role": "moderator" })),
    responses((status = 200, description = "The member after the change", body = Success<WorkspaceMemberView>))
)]
pub(crate) async fn update_workspace_member(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesAdmin>,
    PathParam((workspace, user)): PathParam<(WorkspaceId, UserId)>,
    Body(request): Body<UpdateWorkspaceMember>,
) -> ApiResult<Reply<WorkspaceMemberView>> {
    let (role,) = all((field("role", request.role.parse::<WorkspaceRole>()),))?;

    let mut change = Change::begin(&state, &caller).await?;
    let access = WorkspaceAccess::lock(change.connection(), &caller, workspace).await?;
    let _ = access.permit(Action::ChangeWorkspaceRole)?;
    let member = workspace_members::lookup(change.connection(), workspace, user).await?;
    let member = member.ok_or(Error::NotFound("member"))?;
    let permit =
        access.permit_over(Action::ChangeWorkspaceRole, |actor| may_change_role(actor, member.role, role))?;
    if member.role != role {
        membership::change_role(&mut change, &member, role, caller.user_id()).await?;
    }
    change.audit(permit).await?;
    let named = workspace_members::lookup_named(change.connection(), workspace, user).await?;
    change.commit().await?;
    Ok(Reply::ok(named.ok_or(Error::NotFound("member"))?.into()))
}
