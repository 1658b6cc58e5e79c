//! `GET /workspaces/{id}/invite`: the same as `GET /workspaces/{id}/invites`.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::WorkspaceId;
use colink_core::page::TablePage;
use colink_http::{ApiResult, Path as PathParam, Query, Reply, Success};

use crate::routes::invites::InviteView;
use crate::routes::invites::list::{ListInvites, list_invites};
use crate::state::State;

/// The same as `GET /workspaces/{workspace_id}/invites`.
#[utoipa::path(
    get, path = "/workspaces/{workspace_id}/invite", operation_id = "list_workspace_invites", tag = "invites",
    params(("workspace_id" = WorkspaceId, Path, description = "The workspace"), ListInvites),
    responses((status = 200, description = "One page", body = Success<TablePage<InviteView>>))
)]
pub(crate) async fn list_workspace_invites(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesAdmin>,
    workspace: PathParam<WorkspaceId>,
    Query(query): Query<ListInvites>,
) -> ApiResult<Reply<TablePage<InviteView>>> {
    list_invites(state, caller, workspace, Query(query)).await
}
