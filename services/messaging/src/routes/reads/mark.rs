//! `PUT /channels/{channel_id}/read` (M-11).

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::error::Invalid;
use colink_core::id::ChannelId;
use colink_core::permission::Action;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Path, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::authorise;
use crate::error::Error;
use crate::routes::reads::UnreadView;
use crate::state::State;
use crate::store::reads;

/// How far.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkRead {
    /// Everything up to this number is read, and nothing after it: a lower one than before makes messages unread again.
    #[schema(value_type = i64, minimum = 0, example = 42)]
    seq: Option<i64>,
}

/// Notes what the caller has read in a channel.
#[utoipa::path(
    put,
    path = "/channels/{channel_id}/read",
    operation_id = "mark_read",
    tag = "reads",
    params(("channel_id" = ChannelId, Path)),
    request_body(content = MarkRead, example = json!({"seq": 42})),
    responses((status = 200, description = "What is unread now", body = Success<UnreadView>))
)]
pub(crate) async fn mark_read(
    state: Data<State>,
    caller: Scoped<needs::MessagesWrite>,
    Path(channel_id): Path<ChannelId>,
    Body(request): Body<MarkRead>,
) -> ApiResult<Reply<UnreadView>> {
    let seq = match request.seq {
        None => Err(Invalid::required()),
        Some(seq) if seq < 0 => Err(Invalid::new("must be 0 or more")),
        Some(seq) => Ok(seq),
    };
    let (seq,) = all((field("seq", seq),))?;
    authorise(&state, &caller, channel_id, Action::ReadMessages, "channel").await?;
    let now = state.clock.timestamp().as_datetime();
    let marked = reads::upsert(&state.pool, caller.user_id(), channel_id, seq, now).await?;
    let last_read_seq = marked.ok_or(Error::NotFound("channel"))?;
    let unread = reads::lookup(&state.pool, caller.user_id(), channel_id).await?;
    // Who reads a public channel from outside has nothing unread in it.
    let outside = || UnreadView {
        channel_id,
        last_read_seq,
        head_seq: last_read_seq,
        unread_count: 0,
        mention_count: 0,
    };
    Ok(Reply::ok(unread.map_or_else(outside, UnreadView::from)))
}
