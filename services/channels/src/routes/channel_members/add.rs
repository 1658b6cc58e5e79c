//! `POST /channels/{id}/members`: brings somebody into a channel.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::error::Invalid;
use colink_core::id::{ChannelId, UserId};
use colink_core::permission::Action;
use colink_core::role::ChannelRole;
use colink_http::validate::{all, field, optional};
use colink_http::{ApiResult, Body, Path as PathParam, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ChannelMemberView;
use crate::access::ChannelAccess;
use crate::change::Change;
use crate::error::Error;
use crate::membership;
use crate::state::State;
use crate::store::{channel_members, workspace_members};

/// Whom to bring in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddChannelMember {
    /// An active member of the workspace.
    #[serde(default)]
    #[schema(value_type = UserId)]
    user_id: String,
    /// His role: `member` when left out; another one takes the right to change roles.
    #[schema(value_type = Option<ChannelRole>)]
    role: Option<String>,
}

/// Brings an active member of the workspace into a channel. Whoever is in it stays as he is.
#[utoipa::path(
    post, path = "/channels/{channel_id}/members", operation_id = "add_channel_member", tag = "channel members",
    params(("channel_id" = ChannelId, Path, description = "The channel")),
    request_body(
        content = AddChannelMember,
        example = json!({ "user_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "role": "member" })
    ),
    responses((status = 200, description = "The member", body = Success<ChannelMemberView>))
)]
pub(crate) async fn add_channel_member(
    state: Data<State>,
    caller: Scoped<needs::ChannelsWrite>,
    PathParam(id): PathParam<ChannelId>,
    Body(request): Body<AddChannelMember>,
) -> ApiResult<Reply<ChannelMemberView>> {
    let (user, role) = all((
        field("user_id", id_of(&request.user_id)),
        optional("role", request.role, |role| role.parse::<ChannelRole>()),
    ))?;
    let role = role.unwrap_or(ChannelRole::Member);

    let mut change = Change::begin(&state, &caller).await?;
    let access = ChannelAccess::lock(change.connection(), &caller, id).await?;
    let mut permit = access.permit(Action::InviteToChannel)?;
    if role > ChannelRole::Member {
        permit = access.permit(Action::ChangeChannelRole)?;
    }
    let workspace = access.seated.channel.workspace_id;
    if workspace_members::share(change.connection(), workspace, &[user]).await?.is_empty() {
        return Err(Error::NoMember("user_id".to_owned()).into());
    }
    membership::enter(&mut change, &access.seated.channel, user, role, caller.user_id()).await?;
    change.audit(permit).await?;
    let member = channel_members::lookup(change.connection(), id, user).await?;
    change.commit().await?;
    Ok(Reply::ok(member.ok_or(Error::NotFound("member"))?.into()))
}

fn id_of(text: &str) -> Result<UserId, Invalid> {
    if text.is_empty() { Err(Invalid::required()) } else { text.parse() }
}
