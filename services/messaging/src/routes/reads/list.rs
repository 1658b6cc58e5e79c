//! `GET /unreads` (M-11).

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::WorkspaceId;
use colink_http::{ApiResult, Query, Reply, Success, WorkspaceScope};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::routes::reads::UnreadView;
use crate::state::State;
use crate::store::reads;

/// Of which workspace.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnreadsQuery {
    /// Only channels of this workspace; the header `X-Workspace-Id` says the same.
    #[param(value_type = Option<WorkspaceId>)]
    #[serde(rename = "workspace_id")]
    _workspace_id: Option<String>,
}

/// What is unread.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Unreads {
    /// Every channel the caller is in, as far as its workspace is open to his session.
    channels: Vec<UnreadView>,
}

/// The unread and mention counts of every channel the caller is in. Those of a workspace that asks for a second factor are
/// left out for a session that was not proven by one.
#[utoipa::path(
    get,
    path = "/unreads",
    operation_id = "list_unreads",
    tag = "reads",
    params(UnreadsQuery, ("X-Workspace-Id" = Option<WorkspaceId>, Header, description = "Only of this workspace")),
    responses((status = 200, description = "The counts", body = Success<Unreads>))
)]
pub(crate) async fn list_unreads(
    state: Data<State>,
    caller: Scoped<needs::MessagesRead>,
    scope: WorkspaceScope,
    _query: Query<UnreadsQuery>,
) -> ApiResult<Reply<Unreads>> {
    let workspace_id = scope.named().map(WorkspaceId::as_uuid);
    let (user_id, second_factor) = (caller.user_id(), caller.has_second_factor());
    let rows = reads::list(&state.pool, user_id, workspace_id, second_factor).await?;
    Ok(Reply::ok(Unreads { channels: rows.into_iter().map(UnreadView::from).collect() }).with_body_etag())
}
