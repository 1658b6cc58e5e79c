//! `GET /internal/channels/{channel_id}/events`: the hole in a socket's stream.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::ChannelId;
use colink_http::{ApiResult, Path, Query, Reply};

use crate::routes::events::list::EventsQuery;
use crate::routes::events::{ChannelEvents, read};
use crate::state::State;

/// The log after a number, without asking who reads it: the caller checks its own users.
pub(crate) async fn read_channel_events(
    state: Data<State>,
    _: InternalCaller,
    Path(channel_id): Path<ChannelId>,
    Query(query): Query<EventsQuery>,
) -> ApiResult<Reply<ChannelEvents>> {
    let (after, limit) = query.checked()?;
    Ok(Reply::ok(read(&state, channel_id, after, limit).await?))
}
