//! `GET /channels/{id}`: one channel.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::ChannelId;
use colink_core::permission::Action;
use colink_http::{ApiResult, Path as PathParam, Reply, Success};

use super::ChannelView;
use crate::access::ChannelAccess;
use crate::change::audit_read;
use crate::state::State;

/// Gets a channel: 404 outside its workspace, 403 inside when it is private and the caller is not in it.
#[utoipa::path(
    get, path = "/channels/{channel_id}", operation_id = "get_channel", tag = "channels",
    params(("channel_id" = ChannelId, Path, description = "The channel or direct conversation")),
    responses((status = 200, description = "The channel", body = Success<ChannelView>))
)]
pub(crate) async fn get_channel(
    state: Data<State>,
    caller: Scoped<needs::ChannelsRead>,
    PathParam(id): PathParam<ChannelId>,
) -> ApiResult<Reply<ChannelView>> {
    let access = ChannelAccess::read(&state.pool, &caller, id).await?;
    let permit = access.permit(Action::ViewChannel)?;
    audit_read(&state, &caller, permit).await?;
    let tag = super::tag(&access.seated);
    Ok(Reply::ok(ChannelView::from(access.seated)).with_etag(tag))
}
