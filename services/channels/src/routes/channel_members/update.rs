//! `PUT /channels/{id}/members/{user_id}`: gives a member another role.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::{ChannelId, UserId};
use colink_core::permission::Action;
use colink_core::role::ChannelRole;
use colink_events::channels::ChannelMemberRoleChanged;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Path as PathParam, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ChannelMemberView;
use crate::access::ChannelAccess;
use crate::change::Change;
use crate::error::Error;
use crate::state::State;
use crate::store::channel_members;

/// The new role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateChannelMember {
    /// The role.
    #[serde(default)]
    #[schema(value_type = ChannelRole)]
    role: String,
}

/// Gives a member of a channel another role. `PATCH` does the same.
#[utoipa::path(
    put, path = "/channels/{channel_id}/members/{user_id}", operation_id = "update_channel_member",
    tag = "channel members",
    params(
        ("channel_id" = ChannelId, Path, description = "The channel"),
        ("user_id" = UserId, Path, description = "The member"),
    ),
    request_body(content = UpdateChannelMember, example = json!({ "role": "moderator" })),
    responses((status = 200, description = "The member after the change", body = Success<ChannelMemberView>))
)]
pub(crate) async fn update_channel_member(
    state: Data<State>,
    caller: Scoped<needs::ChannelsWrite>,
    PathParam((id, user)): PathParam<(ChannelId, UserId)>,
    Body(request): Body<UpdateChannelMember>,
) -> ApiResult<Reply<ChannelMemberView>> {
    let (role,) = all((field("role", request.role.parse::<ChannelRole>()),))?;

    let mut change = Change::begin(&state, &caller).await?;
    let access = ChannelAccess::lock(change.connection(), &caller, id).await?;
    let permit = access.permit(Action::ChangeChannelRole)?;
    let named = channel_members::lookup(change.connection(), id, user).await?;
    let mut named = named.ok_or(Error::NotFound("member"))?;
    if named.member.role != role {
        let at = change.at();
        // Whoever leaves the workspace holds its row and not the channel's: he may have gone since he was looked up.
        let updated = channel_members::update_role(change.connection(), id, user, role, at).await?;
        named.member = updated.ok_or(Error::NotFound("member"))?;
        let payload = named.member.payload(access.seated.channel.kind, caller.user_id());
        change.emit(&ChannelMemberRoleChanged(payload)).await?;
    }
    change.audit(permit).await?;
    change.commit().await?;
    Ok(Reply::ok(named.into()))
}
