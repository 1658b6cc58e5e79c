//! `POST /messages/{message_id}/threads` (M-6).

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::MessageId;
use colink_core::text::{ClientMsgId, MessageContent};
use colink_http::validate::{all, field, optional};
use colink_http::{ApiResult, Body, Path, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::Error;
use crate::routes::messages::post::answer;
use crate::routes::params::{SendKey, file_ids};
use crate::sending::{Draft, send};
use crate::state::State;
use crate::store::messages::lookup_place;
use crate::view::MessageView;

/// What to reply.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplyToMessage {
    /// 1 to 4,000 characters of Markdown (the limit is configurable up to 16,000).
    #[serde(default)]
    #[schema(example = "Well done!", min_length = 1, max_length = 16000)]
    content: String,
    /// Show the reply in the channel too.
    #[serde(default)]
    also_in_channel: bool,
    /// Files to show, at most 10.
    #[serde(default)]
    #[schema(value_type = Vec<colink_core::id::FileId>)]
    file_ids: Vec<String>,
    /// The sender's own name for the reply: sent twice, it is stored once.
    #[schema(value_type = Option<ClientMsgId>)]
    client_msg_id: Option<String>,
}

/// Replies to a message: the first reply begins its thread. Takes two numbers of the channel's log, for the reply and
/// for the thread's summary.
#[utoipa::path(
    post,
    path = "/messages/{message_id}/threads",
    operation_id = "reply_to_message",
    tag = "threads",
    params(("message_id" = MessageId, Path, description = "The first message of the thread")),
    request_body(content = ReplyToMessage, example = json!({
        "content": "Well done!", "also_in_channel": true, "client_msg_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2b"
    })),
    responses(
        (status = 201, description = "Stored", body = Success<MessageView>),
        (status = 200, description = "Stored before under the same key: `Idempotent-Replayed: true`",
         body = Success<MessageView>),
    )
)]
pub(crate) async fn reply_to_message(
    state: Data<State>,
    caller: Scoped<needs::MessagesWrite>,
    Path(root): Path<MessageId>,
    SendKey(key): SendKey,
    Body(request): Body<ReplyToMessage>,
) -> ApiResult<Reply<MessageView>> {
    let rules = &state.rules;
    let (content, file_ids, client_msg_id) = all((
        field("content", MessageContent::parse_within(&request.content, rules.max_content_chars)),
        file_ids(request.file_ids, rules.max_files),
        optional("client_msg_id", request.client_msg_id, |id| ClientMsgId::parse(&id)),
    ))?;
    // Whether the caller may know of it, and whether it was deleted, is decided by the send, after a retry is answered.
    let place =
        lookup_place(&state.pool, root).await.map_err(Error::from)?.ok_or(Error::NotFound("message"))?;
    let draft = Draft {
        channel_id: place.channel_id,
        thread_id: Some(root),
        also_in_channel: request.also_in_channel,
        content,
        file_ids,
        client_msg_id,
        idempotency_key: key,
        named: "message",
    };
    Ok(answer(send(&state, &caller, &draft).await?))
}
