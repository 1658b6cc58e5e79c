//! `POST /workspaces/{id}/leave`: the caller's membership ends.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::WorkspaceId;
use colink_core::permission::Action;
use colink_http::{ApiResult, Path as PathParam, Reply};

use crate::access::WorkspaceAccess;
use crate::change::Change;
use crate::error::Error;
use crate::membership;
use crate::state::State;
use crate::store::workspace_members::{self, Ending};

/// Leaves a workspace and every channel of it. The last owner cannot.
#[utoipa::path(
    post, path = "/workspaces/{workspace_id}/leave", operation_id = "leave_workspace", tag = "workspaces",
    params(("workspace_id" = WorkspaceId, Path, description = "The workspace")),
    responses((status = 204, description = "Left"))
)]
pub(crate) async fn leave_workspace(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesAdmin>,
    PathParam(id): PathParam<WorkspaceId>,
) -> ApiResult<Reply<()>> {
    let mut change = Change::begin(&state, &caller).await?;
    let access = WorkspaceAccess::lock(change.connection(), &caller, id).await?;
    let permit = access.permit(Action::LeaveWorkspace)?;
    let member = workspace_members::lookup(change.connection(), id, caller.user_id()).await?;
    let member = member.ok_or(Error::NotFound("member"))?;
    membership::end(&mut change, &member, Ending::Left, caller.user_id()).await?;
    change.audit(permit).await?;
    change.commit().await?;
    Ok(Reply::no_content())
}
