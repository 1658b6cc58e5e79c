//! `POST /invites/{token}/accept`: the caller joins the workspace.
//!
//! Contract: of any number of callers who accept at the same time, as many win as there are uses left. The uses are
//! counted by the one statement that takes one, in the transaction that makes the member. Whoever is a member already
//! takes none.

use actix_web::web::Data;
use colink_auth::{Caller, Scoped, needs};
use colink_core::text::Email;
use colink_http::{ApiResult, Path as PathParam, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::WorkspaceAccess;
use crate::change::Change;
use crate::domain::invite_token::hash_of;
use crate::error::{Error, Result};
use crate::membership;
use crate::routes::workspaces::WorkspaceView;
use crate::state::State;
use crate::store::invites::{self, Invite};
use crate::store::users;

/// Where the invitation led.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AcceptedInvite {
    /// The workspace, with the role that the caller has there.
    workspace: WorkspaceView,
}

/// Accepts an invitation. Unknown or withdrawn is 404; over or used up is 409; for another address is 403.
#[utoipa::path(
    post, path = "/invites/{token}/accept", operation_id = "accept_invite", tag = "invites",
    params(("token" = String, Path, description = "The token of the invitation")),
    responses((status = 200, description = "The caller is a member", body = Success<AcceptedInvite>))
)]
pub(crate) async fn accept_invite(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesAdmin>,
    PathParam(token): PathParam<String>,
) -> ApiResult<Reply<AcceptedInvite>> {
    let invite = invites::find(&state.pool, &hash_of(&token)).await?.ok_or(Error::NotFound("invitation"))?;
    check_address(&invite, &caller)?;

    let mut change = Change::begin(&state, &caller).await?;
    let mut access = WorkspaceAccess::lock(change.connection(), &caller, invite.workspace_id).await?;
    if access.role().is_none() {
        let at = change.at();
        if !invites::take_use(change.connection(), invite.id, at).await? {
            state.metrics.invite_refused();
            let over = invite.expires_at <= at;
            return Err(Error::InviteSpent(if over { "has expired" } else { "has been used up" }).into());
        }
        let shown = caller.claims().name.as_deref().unwrap_or(caller.username());
        let user = caller.user_id();
        users::note(change.connection(), user, caller.username(), shown, false).await?;
        let workspace = access.seated.workspace.clone();
        let member = membership::join(&mut change, &workspace, user, invite.role, user).await?;
        if let Some(member) = member {
            (access.seated.role, access.seated.member_version) = (Some(member.role), member.version);
        }
        change.commit().await?;
        state.metrics.invite_accepted(workspace.id, caller.user_id());
    }
    Ok(Reply::ok(AcceptedInvite { workspace: access.seated.into() }))
}

fn check_address(invite: &Invite, caller: &Caller) -> Result<()> {
    let Some(wanted) = &invite.email else { return Ok(()) };
    let own = caller.email().and_then(|address| Email::parse(address).ok());
    if own.is_some_and(|own| own.as_str() == wanted) {
        Ok(())
    } else {
        Err(Error::Forbidden("This invitation is for another mail address."))
    }
}
