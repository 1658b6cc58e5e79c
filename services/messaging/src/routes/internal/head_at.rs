//! `GET /internal/channels/{channel_id}/head?at=`: where a channel's log ended when somebody came in.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::ChannelId;
use colink_core::time::Timestamp;
use colink_http::{ApiResult, Path, Query, Reply};
use serde::Deserialize;

use crate::routes::internal::heads::HeadView;
use crate::state::State;
use crate::store::log;

/// When.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AtMoment {
    at: Timestamp,
}

/// The number of the last event before all that happened from that moment on; 0 for a channel that is not known, as
/// nothing was posted there.
pub(crate) async fn lookup_head_at(
    state: Data<State>,
    _: InternalCaller,
    Path(channel_id): Path<ChannelId>,
    Query(query): Query<AtMoment>,
) -> ApiResult<Reply<HeadView>> {
    let seq = log::head_at(&state.pool, channel_id, query.at).await?;
    Ok(Reply::ok(HeadView { channel_id, seq }))
}
