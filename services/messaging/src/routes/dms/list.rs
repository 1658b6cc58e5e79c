//! `GET /dms/{channel_id}/messages` (M-9): the same as `GET /channels/{channel_id}/messages`.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::ChannelId;
use colink_core::page::CursorPage;
use colink_http::{ApiResult, Path, Query, Reply, Success};

use crate::routes::messages::list::{HistoryQuery, list_messages};
use crate::state::State;
use crate::view::MessageView;

/// The same as `GET /channels/{channel_id}/messages`.
#[utoipa::path(
    get,
    path = "/dms/{channel_id}/messages",
    operation_id = "list_dm_messages",
    tag = "messages",
    params(("channel_id" = ChannelId, Path, description = "A channel or direct conversation"), HistoryQuery),
    responses((status = 200, description = "The page, newest first", body = Success<CursorPage<MessageView>>))
)]
pub(crate) async fn list_dm_messages(
    state: Data<State>,
    caller: Scoped<needs::MessagesRead>,
    channel_id: Path<ChannelId>,
    Query(query): Query<HistoryQuery>,
) -> ApiResult<Reply<CursorPage<MessageView>>> {
    list_messages(state, caller, channel_id, Query(query)).await
}
