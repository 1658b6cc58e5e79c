//! `POST /internal/channels/heads`: the last number of many channels, to notice a lost tail.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::error::Invalid;
use colink_core::id::ChannelId;
use colink_http::{ApiError, ApiResult, Body, Reply};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::state::State;
use crate::store::log;

/// Most channels of one call.
const MAX_CHANNELS: usize = 1_000;

/// Which channels.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookupHeads {
    channel_ids: Vec<ChannelId>,
}

/// The end of a channel's log.
#[derive(Debug, Serialize)]
pub(crate) struct HeadView {
    pub(crate) channel_id: ChannelId,
    pub(crate) seq: i64,
}

/// The ends of the known channels among those that were asked for.
#[derive(Debug, Serialize)]
pub(crate) struct Heads {
    heads: Vec<HeadView>,
}

/// Looks the last numbers up.
pub(crate) async fn lookup_heads(
    state: Data<State>,
    _: InternalCaller,
    Body(request): Body<LookupHeads>,
) -> ApiResult<Reply<Heads>> {
    if request.channel_ids.len() > MAX_CHANNELS {
        let reason = Invalid::new(format!("must name at most {MAX_CHANNELS} channels"));
        return Err(ApiError::invalid("channel_ids", reason));
    }
    let ids: Vec<Uuid> = request.channel_ids.iter().map(|id| id.as_uuid()).collect();
    let rows = log::heads(&state.pool, &ids).await?;
    let heads = rows.into_iter().map(|(id, seq)| HeadView { channel_id: id.into(), seq }).collect();
    Ok(Reply::ok(Heads { heads }))
}
