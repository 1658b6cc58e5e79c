//! `POST /workspaces/{id}/invite`: the same as `POST /workspaces/{id}/invites`.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::WorkspaceId;
use colink_http::{ApiResult, Body, Path as PathParam, Reply, Success};

use crate::routes::invites::create::{CreateInvite, CreatedInvite, create_invite};
use crate::state::State;

/// The same as `POST /workspaces/{workspace_id}/invites`.
#[utoipa::path(
    post, path = "/workspaces/{workspace_id}/invite", operation_id = "invite_to_workspace", tag = "invites",
    params(("workspace_id" = WorkspaceId, Path, description = "The workspace")),
    request_body(content = CreateInvite, example = json!({ "email": "grace@example.com", "role": "member" })),
    responses((status = 201, description = "Invited; the token is shown this once", body = Success<CreatedInvite>))
)]
pub(crate) async fn invite_to_workspace(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesAdmin>,
    workspace: PathParam<WorkspaceId>,
    body: Body<CreateInvite>,
) -> ApiResult<Reply<CreatedInvite>> {
    create_invite(state, caller, workspace, body).await
}
