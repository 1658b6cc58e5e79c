//! `PATCH /workspaces/{id}`: the same as `PUT`.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::WorkspaceId;
use colink_http::etag::IfMatch;
use colink_http::{ApiResult, Body, Failure, Path as PathParam, Reply, Success};

use super::WorkspaceView;
use super::update::{UpdateWorkspace, update_workspace};
use crate::state::State;

/// The same as `PUT`.
#[utoipa::path(
    patch, path = "/workspaces/{workspace_id}", operation_id = "patch_workspace", tag = "workspaces",
    params(
        ("workspace_id" = WorkspaceId, Path, description = "The workspace"),
        ("If-Match" = Option<String>, Header, description = "The tag that the change is based on"),
    ),
    request_body(content = UpdateWorkspace, example = json!({ "name": "Difference Engines" })),
    responses(
        (status = 200, description = "The workspace after the change", body = Success<WorkspaceView>),
        (status = 412, description = "PRECONDITION_FAILED", body = Failure),
    )
)]
pub(crate) async fn patch_workspace(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesAdmin>,
    id: PathParam<WorkspaceId>,
    if_match: IfMatch,
    body: Body<UpdateWorkspace>,
) -> ApiResult<Reply<WorkspaceView>> {
    update_workspace(state, caller, id, if_match, body).await
}
