//! `GET /workspaces/{id}/invites`: the invitations that can still be accepted.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::WorkspaceId;
use colink_core::page::{TablePage, TableQuery};
use colink_core::permission::Action;
use colink_http::{ApiError, ApiResult, Path as PathParam, Query, Reply, Success};
use serde::Deserialize;
use utoipa::IntoParams;

use super::InviteView;
use crate::access::WorkspaceAccess;
use crate::change::audit_read;
use crate::state::State;
use crate::store::invites;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListInvites {
    /// From 1.
    #[param(minimum = 1, default = 1)]
    page: Option<u32>,
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100, default = 20)]
    page_size: Option<u32>,
}

/// Lists the invitations that can still be accepted, the latest first. For whoever may invite.
#[utoipa::path(
    get, path = "/workspaces/{workspace_id}/invites", operation_id = "list_invites", tag = "invites",
    params(("workspace_id" = WorkspaceId, Path, description = "The workspace"), ListInvites),
    responses((status = 200, description = "One page", body = Success<TablePage<InviteView>>))
)]
pub(crate) async fn list_invites(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesAdmin>,
    PathParam(workspace): PathParam<WorkspaceId>,
    Query(query): Query<ListInvites>,
) -> ApiResult<Reply<TablePage<InviteView>>> {
    let table = TableQuery::parse(query.page, query.page_size).map_err(ApiError::validation)?;
    let access = WorkspaceAccess::read(&state.pool, &caller, workspace).await?;
    let permit = access.permit(Action::InviteToWorkspace)?;
    audit_read(&state, &caller, permit).await?;
    let now = state.clock.timestamp();
    let rows = invites::list(&state.pool, workspace, now, table).await?;
    let count = invites::count(&state.pool, workspace, now);
    Ok(Reply::ok(TablePage::counted(rows, table, count).await?.map(InviteView::from)).with_body_etag())
}
