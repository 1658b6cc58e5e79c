//! `POST /channels/{id}/leave`: the caller's membership ends.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::ChannelId;
use colink_core::permission::Action;
use colink_http::{ApiResult, Path as PathParam, Reply};

use crate::access::ChannelAccess;
use crate::change::Change;
use crate::membership;
use crate::state::State;

/// Leaves a channel, archived ones too. Nobody leaves a direct conversation.
#[utoipa::path(
    post, path = "/channels/{channel_id}/leave", operation_id = "leave_channel", tag = "channels",
    params(("channel_id" = ChannelId, Path, description = "The channel")),
    responses((status = 204, description = "Left"))
)]
pub(crate) async fn leave_channel(
    state: Data<State>,
    caller: Scoped<needs::ChannelsWrite>,
    PathParam(id): PathParam<ChannelId>,
) -> ApiResult<Reply<()>> {
    let mut change = Change::begin(&state, &caller).await?;
    let access = ChannelAccess::lock(change.connection(), &caller, id).await?;
    let permit = access.permit(Action::LeaveChannel)?;
    membership::exit(&mut change, &access.seated.channel, caller.user_id(), caller.user_id()).await?;
    change.audit(permit).await?;
    change.commit().await?;
    Ok(Reply::no_content())
}
