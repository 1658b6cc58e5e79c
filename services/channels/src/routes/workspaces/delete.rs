//! `DELETE /workspaces/{id}`: closes a workspace; its rows stay.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::WorkspaceId;
use colink_core::permission::Action;
use colink_events::channels::WorkspaceDeleted;
use colink_http::{ApiResult, Path as PathParam, Reply};

use crate::access::WorkspaceAccess;
use crate::change::Change;
use crate::state::State;
use crate::store::workspaces;

/// Deletes a workspace. Everything in it is closed to everybody; its slug is free again.
#[utoipa::path(
    delete, path = "/workspaces/{workspace_id}", operation_id = "delete_workspace", tag = "workspaces",
    params(("workspace_id" = WorkspaceId, Path, description = "The workspace")),
    responses((status = 204, description = "Deleted"))
)]
pub(crate) async fn delete_workspace(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesAdmin>,
    PathParam(id): PathParam<WorkspaceId>,
) -> ApiResult<Reply<()>> {
    let mut change = Change::begin(&state, &caller).await?;
    let access = WorkspaceAccess::lock(change.connection(), &caller, id).await?;
    let permit = access.permit(Action::DeleteWorkspace)?;
    let at = change.at();
    let deleted = workspaces::delete(change.connection(), id, at).await?;
    change.emit(&WorkspaceDeleted { workspace: deleted.payload() }).await?;
    change.audit(permit).await?;
    change.commit().await?;
    Ok(Reply::no_content())
}
