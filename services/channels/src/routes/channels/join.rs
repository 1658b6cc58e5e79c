//! `POST /channels/{id}/join`: the caller becomes a member.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::ChannelId;
use colink_core::permission::Action;
use colink_core::role::ChannelRole;
use colink_http::{ApiResult, Path as PathParam, Reply, Success};

use super::ChannelView;
use crate::access::ChannelAccess;
use crate::change::Change;
use crate::error::Error;
use crate::membership;
use crate::state::State;
use crate::store::{channels, workspace_members};

/// Joins a public channel; admins of the workspace join private ones, too. Whoever is in it stays as he is.
#[utoipa::path(
    post, path = "/channels/{channel_id}/join", operation_id = "join_channel", tag = "channels",
    params(("channel_id" = ChannelId, Path, description = "The channel")),
    responses((status = 200, description = "The caller is a member", body = Success<ChannelView>))
)]
pub(crate) async fn join_channel(
    state: Data<State>,
    caller: Scoped<needs::ChannelsWrite>,
    PathParam(id): PathParam<ChannelId>,
) -> ApiResult<Reply<ChannelView>> {
    let mut change = Change::begin(&state, &caller).await?;
    let mut access = ChannelAccess::lock(change.connection(), &caller, id).await?;
    if access.seated.role.is_none() || access.seated.workspace_role.is_none() {
        let permit = access.permit(Action::JoinChannel)?;
        let workspace = access.seated.channel.workspace_id;
        if workspace_members::share(change.connection(), workspace, &[caller.user_id()]).await?.is_empty() {
            return Err(Error::Forbidden("Join the workspace first.").into());
        }
        let (user, role) = (caller.user_id(), ChannelRole::Member);
        membership::enter(&mut change, &access.seated.channel, user, role, user).await?;
        change.audit(permit).await?;
        let seated = channels::find_seated(change.connection(), id, user).await?;
        access.seated = seated.ok_or(Error::NotFound("channel"))?;
    } else {
        access.require_second_factor()?;
    }
    change.commit().await?;
    Ok(Reply::ok(access.seated.into()))
}
