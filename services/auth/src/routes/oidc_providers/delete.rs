//! `DELETE /auth/oidc/workspaces/{workspace_id}/providers/{provider_id}`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::{ProviderId, WorkspaceId};
use colink_http::{ApiError, ApiResult, Path, Reply};

use super::admit;
use crate::oidc::workspace_provider::{self, Change};
use crate::reauthentication;
use crate::state::State;
use crate::store::oidc_providers;

/// Remove an identity provider from a workspace
///
/// Nobody can sign in through it any more. Accounts stay: who has no other way in sets a password by mail. Whoever was
/// linked is told by mail.
#[utoipa::path(
    delete,
    path = "/auth/oidc/workspaces/{workspace_id}/providers/{provider_id}",
    operation_id = "delete_workspace_provider",
    tag = "oidc",
    params(
        ("workspace_id" = WorkspaceId, Path, description = "The workspace."),
        ("provider_id" = ProviderId, Path, description = "The provider.")
    ),
    responses((status = 204, description = "Removed."))
)]
pub(crate) async fn delete_workspace_provider(
    state: Data<State>,
    caller: Caller,
    Path((workspace_id, provider_id)): Path<(WorkspaceId, ProviderId)>,
) -> ApiResult<Reply<()>> {
    let permit = admit(&state, &caller, workspace_id).await?;
    reauthentication::require(&state, &caller).await?;
    let mut transaction = state.begin().await?;
    permit.audit(&state, &mut transaction, &caller).await?;
    let stored = oidc_providers::lock(&mut transaction, workspace_id, provider_id.as_uuid()).await?;
    let stored = stored.ok_or_else(|| ApiError::not_found("provider"))?;
    let change = Change { by: caller.user_id(), cause: &caller.cause() };
    workspace_provider::unlink(&state, &mut transaction, &stored, i64::MAX, change.cause).await?;
    workspace_provider::delete(&state, &mut transaction, &stored, &change).await?;
    state.commit(transaction).await?;
    Ok(Reply::no_content())
}
