//! `GET /workspaces/{id}/members`: who is in it.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::WorkspaceId;
use colink_core::page::TablePage;
use colink_core::permission::Action;
use colink_core::role::WorkspaceRole;
use colink_http::validate::{field, optional};
use colink_http::{ApiResult, Path as PathParam, Query, Reply, Success};
use serde::Deserialize;
use utoipa::IntoParams;

use super::WorkspaceMemberView;
use crate::access::WorkspaceAccess;
use crate::change::audit_read;
use crate::domain::search;
use crate::routes::checked;
use crate::state::State;
use crate::store::workspace_members::{self, MemberFilter};

/// Which members.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListWorkspaceMembers {
    /// A part of the username or display name.
    #[param(example = "ada", max_length = 80)]
    q: Option<String>,
    /// Only members of this role.
    #[param(value_type = Option<WorkspaceRole>)]
    role: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1)]
    page: Option<u32>,
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100, default = 20)]
    page_size: Option<u32>,
}

/// Lists active members, the longest joined first. Not for guests.
#[utoipa::path(
    get, path = "/workspaces/{workspace_id}/members", operation_id = "list_workspace_members", tag = "members",
    params(("workspace_id" = WorkspaceId, Path, description = "The workspace"), ListWorkspaceMembers),
    responses((status = 200, description = "One page", body = Success<TablePage<WorkspaceMemberView>>))
)]
pub(crate) async fn list_workspace_members(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesRead>,
    PathParam(workspace): PathParam<WorkspaceId>,
    Query(query): Query<ListWorkspaceMembers>,
) -> ApiResult<Reply<TablePage<WorkspaceMemberView>>> {
    let fields = (
        field("q", search::containing(query.q.as_deref())),
        optional("role", query.role, |role| role.parse::<WorkspaceRole>()),
    );
    let (table, (pattern, role)) = checked(query.page, query.page_size, fields)?;
    let access = WorkspaceAccess::read(&state.pool, &caller, workspace).await?;
    let permit = access.permit(Action::ListWorkspaceMembers)?;
    audit_read(&state, &caller, permit).await?;

    let filter = MemberFilter { workspace, pattern: pattern.as_deref(), role };
    let rows = workspace_members::list(&state.pool, filter, table).await?;
    let count = workspace_members::count_listed(&state.pool, filter);
    Ok(Reply::ok(TablePage::counted(rows, table, count).await?.map(WorkspaceMemberView::from))
        .with_body_etag())
}
