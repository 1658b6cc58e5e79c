//! `GET /auth/oidc/workspaces/{workspace_id}/providers`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::WorkspaceId;
use colink_core::page::CursorPage;
use colink_http::{ApiResult, Path, Reply, Success};

use super::{View, admit};
use crate::error::AuthError;
use crate::state::State;
use crate::store::oidc_providers;

/// List the identity providers of a workspace
///
/// Oldest first; there are few, so there is one page. Secrets are not shown.
#[utoipa::path(
    get,
    path = "/auth/oidc/workspaces/{workspace_id}/providers",
    operation_id = "list_workspace_providers",
    tag = "oidc",
    params(("workspace_id" = WorkspaceId, Path, description = "The workspace.")),
    responses((status = 200, description = "The providers.", body = Success<CursorPage<View>>))
)]
pub(crate) async fn list_workspace_providers(
    state: Data<State>,
    caller: Caller,
    Path(workspace_id): Path<WorkspaceId>,
) -> ApiResult<Reply<CursorPage<View>>> {
    let permit = admit(&state, &caller, workspace_id).await?;
    let mut transaction = state.begin().await?;
    permit.audit(&state, &mut transaction, &caller).await?;
    let stored = oidc_providers::list(&mut *transaction, workspace_id).await?;
    state.commit(transaction).await?;
    let views: Result<Vec<View>, AuthError> =
        stored.into_iter().map(|provider| View::of(&state, provider)).collect();
    Ok(Reply::ok(CursorPage { items: views?, next_cursor: None }))
}
