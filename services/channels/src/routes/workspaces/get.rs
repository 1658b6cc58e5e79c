//! `GET /workspaces/{id}`: one workspace.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::WorkspaceId;
use colink_core::permission::Action;
use colink_http::{ApiResult, Path as PathParam, Reply, Success};

use super::WorkspaceView;
use crate::access::WorkspaceAccess;
use crate::change::audit_read;
use crate::state::State;

/// Gets a workspace that the caller is a member of.
#[utoipa::path(
    get, path = "/workspaces/{workspace_id}", operation_id = "get_workspace", tag = "workspaces",
    params(("workspace_id" = WorkspaceId, Path, description = "The workspace")),
    responses((status = 200, description = "The workspace", body = Success<WorkspaceView>))
)]
pub(crate) async fn get_workspace(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesRead>,
    PathParam(id): PathParam<WorkspaceId>,
) -> ApiResult<Reply<WorkspaceView>> {
    let access = WorkspaceAccess::read(&state.pool, &caller, id).await?;
    let permit = access.permit(Action::ViewWorkspace)?;
    audit_read(&state, &caller, permit).await?;
    let tag = super::tag(&access.seated);
    Ok(Reply::ok(WorkspaceView::from(access.seated)).with_etag(tag))
}
