//! `DELETE /workspaces/{id}/members/{user_id}`: ends a membership.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::{UserId, WorkspaceId};
use colink_core::permission::{Action, may_remove_member};
use colink_http::{ApiResult, Path as PathParam, Reply};

use crate::access::WorkspaceAccess;
use crate::change::Change;
use crate::error::Error;
use crate::membership;
use crate::state::State;
use crate::store::workspace_members::{self, Ending};

/// Removes a member from a workspace and from every channel of it. To remove oneself is to leave.
#[utoipa::path(
    delete, path = "/workspaces/{workspace_id}/members/{user_id}", operation_id = "remove_workspace_member",
    tag = "members",
    params(
        ("workspace_id" = WorkspaceId, Path, description = "The workspace"),
        ("user_id" = UserId, Path, description = "The member"),
    ),
    responses((status = 204, description = "Removed"))
)]
pub(crate) async fn remove_workspace_member(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesAdmin>,
    PathParam((workspace, user)): PathParam<(WorkspaceId, UserId)>,
) -> ApiResult<Reply<()>> {
    let own = user == caller.user_id();
    let (action, ending) = if own {
        (Action::LeaveWorkspace, Ending::Left)
    } else {
        (Action::RemoveFromWorkspace, Ending::Removed)
    };
    let mut change = Change::begin(&state, &caller).await?;
    let access = WorkspaceAccess::lock(change.connection(), &caller, workspace).await?;
    let _ = access.permit(action)?;
    let member = workspace_members::lookup(change.connection(), workspace, user).await?;
    let member = member.ok_or(Error::NotFound("member"))?;
    let permit = access.permit_over(action, |actor| own || may_remove_member(actor, member.role))?;
    membership::end(&mut change, &member, ending, caller.user_id()).await?;
    change.audit(permit).await?;
    change.commit().await?;
    Ok(Reply::no_content())
}
