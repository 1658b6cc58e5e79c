//! `GET /workspaces`: the caller's workspaces.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::UserId;
use colink_core::page::{TablePage, TableQuery};
use colink_http::{ApiError, ApiResult, Query, Reply, Success};
use serde::Deserialize;
use utoipa::IntoParams;

use super::WorkspaceView;
use crate::state::State;
use crate::store::workspaces;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListWorkspaces {
    /// From 1.
    #[param(minimum = 1, default = 1)]
    page: Option<u32>,
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100, default = 20)]
    page_size: Option<u32>,
}

impl ListWorkspaces {
    /// The page, checked.
    pub(crate) fn table(&self) -> ApiResult<TableQuery> {
        TableQuery::parse(self.page, self.page_size).map_err(ApiError::validation)
    }
}

/// Lists the workspaces that the caller is a member of, the longest joined first.
#[utoipa::path(
    get, path = "/workspaces", operation_id = "list_workspaces", tag = "workspaces",
    params(ListWorkspaces),
    responses((status = 200, description = "One page", body = Success<TablePage<WorkspaceView>>))
)]
pub(crate) async fn list_workspaces(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesRead>,
    Query(query): Query<ListWorkspaces>,
) -> ApiResult<Reply<TablePage<WorkspaceView>>> {
    Ok(Reply::ok(page(&state, caller.user_id(), query.table()?).await?).with_body_etag())
}

/// One page of a user's workspaces.
pub(in crate::routes) async fn page(
    state: &State,
    user: UserId,
    table: TableQuery,
) -> ApiResult<TablePage<WorkspaceView>> {
    let rows = workspaces::list_of_user(&state.pool, user, table).await?;
    let count = workspaces::count_of_user(&state.pool, user);
    Ok(TablePage::counted(rows, table, count).await?.map(WorkspaceView::from))
}
