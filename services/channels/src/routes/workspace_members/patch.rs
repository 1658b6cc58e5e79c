//! `PATCH /workspaces/{id}/members/{user_id}`: the same as `PUT`.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::{UserId, WorkspaceId};
use colink_http::{ApiResult, Body, Path as PathParam, Reply, Success};

use super::WorkspaceMemberView;
use super::update::{UpdateWorkspaceMember, update_workspace_member};
use crate::state::State;

/// The same as `PUT`.
#[utoipa::path(
    patch, path = "/workspaces/{workspace_id}/members/{user_id}", operation_id = "patch_workspace_member",
    tag = "members",
    params(
        ("workspace_id" = WorkspaceId, Path, description = "The workspace"),
        ("user_id" = UserId, Path, description = "The member"),
    ),
    request_body(content = UpdateWorkspaceMember, example = json!({ "role": "moderator" })),
    responses((status = 200, description = "The member after the change", body = Success<WorkspaceMemberView>))
)]
pub(crate) async fn patch_workspace_member(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesAdmin>,
    ids: PathParam<(WorkspaceId, UserId)>,
    body: Body<UpdateWorkspaceMember>,
) -> ApiResult<Reply<WorkspaceMemberView>> {
    update_workspace_member(state, caller, ids, body).await
}
