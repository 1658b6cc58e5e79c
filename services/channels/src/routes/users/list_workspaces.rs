//! `GET /users/me/workspaces`: the caller's workspaces.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::page::TablePage;
use colink_http::{ApiResult, Query, Reply, Success};

use crate::routes::workspaces::WorkspaceView;
use crate::routes::workspaces::list::{self, ListWorkspaces};
use crate::state::State;

/// Lists the workspaces that the caller is a member of; the same as `GET /workspaces`.
#[utoipa::path(
    get, path = "/users/me/workspaces", operation_id = "list_my_workspaces", tag = "workspaces",
    params(ListWorkspaces),
    responses((status = 200, description = "One page", body = Success<TablePage<WorkspaceView>>))
)]
pub(crate) async fn list_my_workspaces(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesRead>,
    Query(query): Query<ListWorkspaces>,
) -> ApiResult<Reply<TablePage<WorkspaceView>>> {
    Ok(Reply::ok(list::page(&state, caller.user_id(), query.table()?).await?).with_body_etag())
}
