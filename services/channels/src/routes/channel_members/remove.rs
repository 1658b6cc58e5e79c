//! `DELETE /channels/{id}/members/{user_id}`: ends a membership.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::{ChannelId, UserId};
use colink_core::permission::Action;
use colink_core::role::ChannelRole;
use colink_http::{ApiResult, Path as PathParam, Reply};

use crate::access::ChannelAccess;
use crate::change::Change;
use crate::error::Error;
use crate::membership;
use crate::state::State;
use crate::store::channel_members;

/// Removes a member from a channel; whoever only keeps order removes no owner. To remove oneself is to leave.
#[utoipa::path(
    delete, path = "/channels/{channel_id}/members/{user_id}", operation_id = "remove_channel_member",
    tag = "channel members",
    params(
        ("channel_id" = ChannelId, Path, description = "The channel"),
        ("user_id" = UserId, Path, description = "The member"),
    ),
    responses((status = 204, description = "Removed"))
)]
pub(crate) async fn remove_channel_member(
    state: Data<State>,
    caller: Scoped<needs::ChannelsWrite>,
    PathParam((id, user)): PathParam<(ChannelId, UserId)>,
) -> ApiResult<Reply<()>> {
    let mut change = Change::begin(&state, &caller).await?;
    let access = ChannelAccess::lock(change.connection(), &caller, id).await?;
    let target = channel_members::lookup(change.connection(), id, user).await?;
    let role = target.as_ref().map_or(ChannelRole::Member, |target| target.member.role);
    let permit = if user == caller.user_id() {
        access.permit(Action::LeaveChannel)?
    } else {
        access.permit_removal(role)?
    };
    if !membership::exit(&mut change, &access.seated.channel, user, caller.user_id()).await? {
        return Err(Error::NotFound("member").into());
    }
    change.audit(permit).await?;
    change.commit().await?;
    Ok(Reply::no_content())
}
