//! `DELETE /channels/{id}`: archives a channel.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::ChannelId;
use colink_core::permission::Action;
use colink_events::channels::ChannelArchived;
use colink_http::{ApiResult, Path as PathParam, Reply};

use crate::access::ChannelAccess;
use crate::change::Change;
use crate::state::State;
use crate::store::channels;

/// Archives a channel: its history stays, and nobody can write any more. Doing it again changes nothing.
#[utoipa::path(
    delete, path = "/channels/{channel_id}", operation_id = "archive_channel", tag = "channels",
    params(("channel_id" = ChannelId, Path, description = "The channel")),
    responses((status = 204, description = "Archived"))
)]
pub(crate) async fn archive_channel(
    state: Data<State>,
    caller: Scoped<needs::ChannelsWrite>,
    PathParam(id): PathParam<ChannelId>,
) -> ApiResult<Reply<()>> {
    let mut change = Change::begin(&state, &caller).await?;
    let access = ChannelAccess::lock(change.connection(), &caller, id).await?;
    let permit = access.permit(Action::ArchiveChannel)?;
    if access.seated.channel.archived_at.is_none() {
        let at = change.at();
        let channel = channels::update_archived(change.connection(), id, true, at).await?;
        change.emit(&ChannelArchived { channel: channel.payload() }).await?;
    }
    change.audit(permit).await?;
    change.commit().await?;
    Ok(Reply::no_content())
}
