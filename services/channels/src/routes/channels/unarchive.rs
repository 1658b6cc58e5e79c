//! `POST /channels/{id}/unarchive`: takes a channel out of the archive.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::ChannelId;
use colink_core::permission::Action;
use colink_events::channels::ChannelUnarchived;
use colink_http::{ApiResult, Path as PathParam, Reply, Success};

use super::ChannelView;
use crate::access::ChannelAccess;
use crate::change::Change;
use crate::state::State;
use crate::store::channels;

/// Takes a channel out of the archive: it can be written to again. Doing it again changes nothing.
#[utoipa::path(
    post, path = "/channels/{channel_id}/unarchive", operation_id = "unarchive_channel", tag = "channels",
    params(("channel_id" = ChannelId, Path, description = "The channel")),
    responses((status = 200, description = "The channel after the change", body = Success<ChannelView>))
)]
pub(crate) async fn unarchive_channel(
    state: Data<State>,
    caller: Scoped<needs::ChannelsWrite>,
    PathParam(id): PathParam<ChannelId>,
) -> ApiResult<Reply<ChannelView>> {
    let mut change = Change::begin(&state, &caller).await?;
    let mut access = ChannelAccess::lock(change.connection(), &caller, id).await?;
    let permit = access.permit(Action::UnarchiveChannel)?;
    if access.seated.channel.archived_at.is_some() {
        let at = change.at();
        access.seated.channel = channels::update_archived(change.connection(), id, false, at).await?;
        change.emit(&ChannelUnarchived { channel: access.seated.channel.payload() }).await?;
    }
    change.audit(permit).await?;
    change.commit().await?;
    Ok(Reply::ok(access.seated.into()))
}
