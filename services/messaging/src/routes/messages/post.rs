//! `POST /channels/{channel_id}/messages` (M-1, M-2).

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::{ChannelId, MessageId};
use colink_core::text::{ClientMsgId, MessageContent};
use colink_http::validate::{all, field, optional, require};
use colink_http::{ApiResult, Body, Path, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::config::MessagingConfig;
use crate::routes::params::{SendKey, file_ids};
use crate::sending::{Draft, Sent, send};
use crate::state::State;
use crate::view::MessageView;

/// What to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostMessage {
    /// 1 to 4,000 characters of Markdown (the limit is configurable up to 16,000).
    #[serde(default)]
    #[schema(example = "Shipped in **v2**, thanks @ada", min_length = 1, max_length = 16000)]
    content: String,
    /// The first message of a thread, for a reply.
    #[schema(value_type = Option<MessageId>)]
    thread_id: Option<String>,
    /// Show the reply in the channel too.
    #[serde(default)]
    also_in_channel: bool,
    /// Files to show, at most 10.
    #[serde(default)]
    #[schema(value_type = Vec<colink_core::id::FileId>)]
    file_ids: Vec<String>,
    /// The sender's own name for the message: sent twice, it is stored once.
    #[schema(value_type = Option<ClientMsgId>)]
    client_msg_id: Option<String>,
}

impl PostMessage {
    fn draft(
        self,
        channel_id: ChannelId,
        SendKey(key): SendKey,
        rules: &MessagingConfig,
    ) -> ApiResult<Draft> {
        let in_thread = self.thread_id.is_some() || !self.also_in_channel;
        let (content, thread_id, file_ids, client_msg_id, ()) = all((
            field("content", MessageContent::parse_within(&self.content, rules.max_content_chars)),
            optional("thread_id", self.thread_id, |id| id.parse::<MessageId>()),
            file_ids(self.file_ids, rules.max_files),
            optional("client_msg_id", self.client_msg_id, |id| ClientMsgId::parse(&id)),
            require("also_in_channel", in_thread, "is for replies: name thread_id too, or leave it out"),
        ))?;
        Ok(Draft {
            channel_id,
            thread_id,
            also_in_channel: self.also_in_channel,
            content,
            file_ids,
            client_msg_id,
            idempotency_key: key,
            named: "channel",
        })
    }
}

/// Posts a message to a channel or direct conversation. The keys `client_msg_id` and `Idempotency-Key` are the sender's
/// for the life of the message: the same message again is answered with 200 and the first one.
#[utoipa::path(
    post,
    path = "/channels/{channel_id}/messages",
    operation_id = "post_message",
    tag = "messages",
    params(("channel_id" = ChannelId, Path, description = "A channel or direct conversation")),
    request_body(content = PostMessage, example = json!({
        "content": "Shipped in **v2**, thanks @ada", "client_msg_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a"
    })),
    responses(
        (status = 201, description = "Stored", body = Success<MessageView>),
        (status = 200, description = "Stored before under the same key: `Idempotent-Replayed: true`",
         body = Success<MessageView>),
    )
)]
pub(crate) async fn post_message(
    state: Data<State>,
    caller: Scoped<needs::MessagesWrite>,
    Path(channel_id): Path<ChannelId>,
    key: SendKey,
    Body(request): Body<PostMessage>,
) -> ApiResult<Reply<MessageView>> {
    let draft = request.draft(channel_id, key, &state.rules)?;
    Ok(answer(send(&state, &caller, &draft).await?))
}

/// 201 for a new message, 200 for one that was there.
pub(crate) fn answer(Sent { view, replayed }: Sent) -> Reply<MessageView> {
    if replayed { Reply::ok(view).replayed(true) } else { Reply::created(view) }
}
