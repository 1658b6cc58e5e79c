//! `GET /channels/{channel_id}/events` (M-10).

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::error::Invalid;
use colink_core::id::ChannelId;
use colink_core::page::PageLimit;
use colink_core::permission::Action;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Path, Query, Reply, Success};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::authorise;
use crate::routes::events::{ChannelEvents, MAX_LIMIT, read};
use crate::state::State;

/// From where, and how much.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// The last number the client holds; 0 for the beginning.
    #[param(minimum = 0, default = 0)]
    after: Option<i64>,
    /// Events an answer, 1 to 500.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u32>,
}

impl EventsQuery {
    /// The checked parameters.
    ///
    /// # Errors
    /// 400 with every refused parameter.
    pub(crate) fn checked(&self) -> ApiResult<(i64, i64)> {
        let after = self.after.unwrap_or(0);
        let sound = if after >= 0 { Ok(after) } else { Err(Invalid::new("must be 0 or more")) };
        let (after, limit) =
            all((field("after", sound), field("limit", PageLimit::parse(self.limit, 100, MAX_LIMIT))))?;
        Ok((after, i64::from(limit.get())))
    }
}

/// Every change in a channel after a number, in order: for a client that was away. Asked until `next_after` reaches
/// `head_seq`, it leaves nothing out, and says so in `gap` where it has to.
#[utoipa::path(
    get,
    path = "/channels/{channel_id}/events",
    operation_id = "list_channel_events",
    tag = "events",
    params(("channel_id" = ChannelId, Path), EventsQuery),
    responses((status = 200, description = "The changes", body = Success<ChannelEvents>))
)]
pub(crate) async fn list_channel_events(
    state: Data<State>,
    caller: Scoped<needs::MessagesRead>,
    Path(channel_id): Path<ChannelId>,
    Query(query): Query<EventsQuery>,
) -> ApiResult<Reply<ChannelEvents>> {
    let (after, limit) = query.checked()?;
    authorise(&state, &caller, channel_id, Action::ReadMessages, "channel").await?;
    Ok(Reply::ok(read(&state, channel_id, after, limit).await?))
}
