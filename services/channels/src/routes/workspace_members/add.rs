//! `POST /workspaces/{id}/members`: brings a bot into a workspace. People come by invitation, which they accept themselves.
//!
//! A bot acts for its owner, so it comes only where its owner is. To whoever asks for another one, for a person or for a bot
//! out of use, there is no such bot: an administrator learns nothing about users outside of his workspace.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::error::Invalid;
use colink_core::id::{UserId, WorkspaceId};
use colink_core::permission::{Action, may_change_role};
use colink_core::role::WorkspaceRole;
use colink_http::validate::{all, field, optional};
use colink_http::{ApiResult, Body, Path as PathParam, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::WorkspaceMemberView;
use crate::access::WorkspaceAccess;
use crate::change::Change;
use crate::error::Error;
use crate::membership;
use crate::state::State;
use crate::store::{users, workspace_members};

/// Which bot to bring in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddWorkspaceMember {
    /// A bot whose owner is a member of the workspace.
    #[serde(default)]
    #[schema(value_type = UserId)]
    user_id: String,
    /// Its role: `member` when left out, and none above the caller's own.
    #[schema(value_type = Option<WorkspaceRole>)]
    role: Option<String>,
}

/// Brings a bot into a workspace and its default channels. One that is in it stays as it is. Only for bots whose owner is
/// a member, any other user is 404: people are invited.
#[utoipa::path(
    post, path = "/workspaces/{workspace_id}/members", operation_id = "add_workspace_member", tag = "members",
    params(("workspace_id" = WorkspaceId, Path, description = "The workspace")),
    request_body(
        content = AddWorkspaceMember,
        example = json!({ "user_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "role": "member" })
    ),
    responses((status = 200, description = "The member", body = Success<WorkspaceMemberView>))
)]
pub(crate) async fn add_workspace_member(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesAdmin>,
    PathParam(workspace): PathParam<WorkspaceId>,
    Body(request): Body<AddWorkspaceMember>,
) -> ApiResult<Reply<WorkspaceMemberView>> {
    let (user, role) = all((
        field("user_id", id_of(&request.user_id)),
        optional("role", request.role, |role| role.parse::<WorkspaceRole>()),
    ))?;
    let role = role.unwrap_or(WorkspaceRole::Member);
    let may = |actor| may_change_role(actor, WorkspaceRole::Guest, role);
    let _ = WorkspaceAccess::read(&state.pool, &caller, workspace).await?.permit_over(Action::AddBot, may)?;
    // Before the transaction: no lock waits for another service. A bot keeps its owner.
    let bot = state.peers.bot(user).await?.ok_or(Error::NotFound("bot"))?;

    let mut change = Change::begin(&state, &caller).await?;
    let access = WorkspaceAccess::lock(change.connection(), &caller, workspace).await?;
    let permit = access.permit_over(Action::AddBot, may)?;
    let owner = workspace_members::lookup(change.connection(), workspace, bot.owner_id).await?;
    owner.ok_or(Error::NotFound("bot"))?;
    users::note(change.connection(), user, &bot.username, &bot.display_name, true).await?;
    membership::join(&mut change, &access.seated.workspace, user, role, caller.user_id()).await?;
    change.audit(permit).await?;
    let named = workspace_members::lookup_named(change.connection(), workspace, user).await?;
    change.commit().await?;
    Ok(Reply::ok(named.ok_or(Error::NotFound("member"))?.into()))
}

fn id_of(text: &str) -> Result<UserId, Invalid> {
    if text.is_empty() { Err(Invalid::required()) } else { text.parse() }
}
