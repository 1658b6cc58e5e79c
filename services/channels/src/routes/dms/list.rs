//! `GET /dms`: the caller's direct conversations.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::WorkspaceId;
use colink_core::page::{TablePage, TableQuery};
use colink_core::permission::Action;
use colink_http::{ApiError, ApiResult, Failure, Query, Reply, Success, WorkspaceScope};
use serde::Deserialize;
use utoipa::IntoParams;

use super::DmView;
use crate::access::WorkspaceAccess;
use crate::change::audit_read;
use crate::state::State;
use crate::store::dms;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListDms {
    /// The workspace, unless the header `X-Workspace-Id` names it.
    workspace_id: Option<WorkspaceId>,
    /// From 1.
    #[param(minimum = 1, default = 1)]
    page: Option<u32>,
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100, default = 20)]
    page_size: Option<u32>,
}

/// Lists the direct conversations that the caller is in, the latest begun first. Last messages and what is unread are
/// at `GET /unreads`.
#[utoipa::path(
    get, path = "/dms", operation_id = "list_dms", tag = "direct conversations",
    params(("X-Workspace-Id" = Option<WorkspaceId>, Header, description = "The workspace, unless the query names it"), ListDms),
    responses(
        (status = 200, description = "One page", body = Success<TablePage<DmView>>),
        (status = 404, description = "NOT_FOUND: the workspace", body = Failure),
    )
)]
pub(crate) async fn list_dms(
    state: Data<State>,
    caller: Scoped<needs::ChannelsRead>,
    scope: WorkspaceScope,
    Query(query): Query<ListDms>,
) -> ApiResult<Reply<TablePage<DmView>>> {
    let workspace = scope.resolve(query.workspace_id)?;
    let table = TableQuery::parse(query.page, query.page_size).map_err(ApiError::validation)?;
    let access = WorkspaceAccess::read(&state.pool, &caller, workspace).await?;
    let permit = access.permit(Action::ListChannels)?;
    audit_read(&state, &caller, permit).await?;
    let rows = dms::list(&state.pool, workspace, caller.user_id(), table).await?;
    let count = dms::count(&state.pool, workspace, caller.user_id());
    Ok(Reply::ok(TablePage::counted(rows, table, count).await?.map(DmView::from)).with_body_etag())
}
