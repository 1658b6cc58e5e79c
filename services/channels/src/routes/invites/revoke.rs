//! `DELETE /workspaces/{id}/invites/{invite_id}`: withdraws an invitation.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::{InviteId, WorkspaceId};
use colink_core::permission::Action;
use colink_http::{ApiResult, Path as PathParam, Reply};

use crate::access::WorkspaceAccess;
use crate::change::Change;
use crate::error::Error;
use crate::state::State;
use crate::store::invites;

/// Withdraws an invitation: nobody can accept it any more.
#[utoipa::path(
    delete, path = "/workspaces/{workspace_id}/invites/{invite_id}", operation_id = "revoke_invite", tag = "invites",
    params(
        ("workspace_id" = WorkspaceId, Path, description = "The workspace"),
        ("invite_id" = InviteId, Path, description = "The invitation"),
    ),
    responses((status = 204, description = "Withdrawn"))
)]
pub(crate) async fn revoke_invite(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesAdmin>,
    PathParam((workspace, invite)): PathParam<(WorkspaceId, InviteId)>,
) -> ApiResult<Reply<()>> {
    let mut change = Change::begin(&state, &caller).await?;
    let access = WorkspaceAccess::lock(change.connection(), &caller, workspace).await?;
    let permit = access.permit(Action::InviteToWorkspace)?;
    let at = change.at();
    if !invites::delete(change.connection(), workspace, invite, at).await? {
        return Err(Error::NotFound("invitation").into());
    }
    change.audit(permit).await?;
    change.commit().await?;
    Ok(Reply::no_content())
}
