//! `GET /internal/workspaces/by-slug/{slug}`: which workspace has the slug.

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
pub(crate) struct Found {
    workspace_id: WorkspaceId,
}

/// 404 when none has it, or the workspace is deleted.
pub(crate) async fn find_workspace(
    state: Data<State>,
    _: InternalCaller,
    PathParam(slug): PathParam<String>,
) -> ApiResult<Reply<Found>> {
    let found = workspaces::find_by_slug(&state.pool, &slug).await?;
    let workspace_id = found.ok_or(Error::NotFound("workspace"))?;
    Ok(Reply::ok(Found { workspace_id }))
}
