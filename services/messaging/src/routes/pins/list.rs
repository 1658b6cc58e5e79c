//! `GET /channels/{channel_id}/pins` (M-13).

use actix_web::web::Data;
use chrono::{DateTime, Utc};
use colink_auth::{Scoped, needs};
use colink_core::id::ChannelId;
use colink_core::page::{CursorPage, PageLimit};
use colink_core::permission::Action;
use colink_http::validate::{all, field};
use colink_http::{ApiError, ApiResult, Path, Query, Reply, Success};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::authorise;
use crate::routes::params::position;
use crate::state::State;
use crate::store::history;
use crate::view::{MessageView, messages};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PinsQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Messages a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
}

/// Later than any pin: where the list begins.
const FAR_AHEAD_MS: i64 = 253_402_300_799_000;

/// The pinned messages of a channel, the last pinned first.
#[utoipa::path(
    get,
    path = "/channels/{channel_id}/pins",
    operation_id = "list_pins",
    tag = "pins",
    params(("channel_id" = ChannelId, Path), PinsQuery),
    responses((status = 200, description = "The page", body = Success<CursorPage<MessageView>>))
)]
pub(crate) async fn list_pins(
    state: Data<State>,
    caller: Scoped<needs::MessagesRead>,
    Path(channel_id): Path<ChannelId>,
    Query(query): Query<PinsQuery>,
) -> ApiResult<Reply<CursorPage<MessageView>>> {
    let start = (DateTime::from_timestamp_millis(FAR_AHEAD_MS).unwrap_or_default(), uuid::Uuid::max());
    let (before, limit) = all((
        position::<(DateTime<Utc>, uuid::Uuid)>(query.cursor, start),
        field("limit", PageLimit::parse(query.limit, 50, 100)),
    ))?;
    authorise(&state, &caller, channel_id, Action::ReadMessages, "channel").await?;
    let rows = history::list_pinned(&state.pool, caller.user_id(), channel_id, before, limit.fetch()).await?;
    let CursorPage { items, next_cursor } =
        CursorPage::from_rows(rows, limit, |row| (row.pinned_at, row.id)).map_err(ApiError::internal)?;
    Ok(Reply::ok(CursorPage { items: messages(items)?, next_cursor }).with_body_etag())
}
