//! `GET /internal/channels/{channel_id}/members?cursor=`: the ids of everybody in a channel.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::{ChannelId, UserId};
use colink_core::page::{Cursor, CursorPage, PageLimit};
use colink_http::{ApiError, ApiResult, Path as PathParam, Query, Reply};
use serde::{Deserialize, Serialize};

use crate::state::State;
use crate::store::channel_members;

const LIMIT: u32 = 1_000;

/// From where on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FromMember {
    cursor: Option<Cursor>,
}

/// Up to 1,000 ids.
#[derive(Debug, Serialize)]
pub(crate) struct MemberIds {
    user_ids: Vec<UserId>,
    next_cursor: Option<Cursor>,
}

/// Nobody is in a channel that does not exist.
pub(crate) async fn list_channel_members(
    state: Data<State>,
    _: InternalCaller,
    PathParam(channel): PathParam<ChannelId>,
    Query(query): Query<FromMember>,
) -> ApiResult<Reply<MemberIds>> {
    let after = query.cursor.map(|cursor| cursor.decode::<UserId>()).transpose();
    let after = after.map_err(|reason| ApiError::invalid("cursor", reason))?;
    let limit = PageLimit::parse(None, LIMIT, LIMIT).map_err(|reason| ApiError::invalid("limit", reason))?;
    let ids = channel_members::list_ids(&state.pool, channel, after, limit).await?;
    let CursorPage { items, next_cursor } = CursorPage::from_rows(ids, limit, |last| *last)?;
    Ok(Reply::ok(MemberIds { user_ids: items, next_cursor }))
}
