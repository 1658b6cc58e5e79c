//! `GET /internal/workspaces/{workspace_id}`: whether there is such a workspace.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::WorkspaceId;
use colink_http::{ApiResult, Path as PathParam, Reply};
use serde::Serialize;

use crate::error::Error;
use crate::state::State;
use crate::store::workspaces;

/// The workspace.
#[derive(Debug, Serialize)]
pub(crate) struct Existing {
    workspace_id: WorkspaceId,
}

/// 404 when there is none, or it is deleted.
pub(crate) async fn get_workspace(
    state: Data<State>,
    _: InternalCaller,
    PathParam(workspace): PathParam<WorkspaceId>,
) -> ApiResult<Reply<Existing>> {
    let found = workspaces::lookup(&state.pool, workspace).await?;
    let workspace_id = found.ok_or(Error::NotFound("workspace"))?;
    Ok(Reply::ok(Existing { workspace_id }))
}
