//! `POST /dms/{channel_id}/messages` (M-1, M-2): the same as `POST /channels/{channel_id}/messages`.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::ChannelId;
use colink_http::{ApiResult, Body, Path, Reply, Success};

use crate::routes::messages::post::{PostMessage, post_message};
use crate::routes::params::SendKey;
use crate::state::State;
use crate::view::MessageView;

/// The same as `POST /channels/{channel_id}/messages`.
#[utoipa::path(
    post,
    path = "/dms/{channel_id}/messages",
    operation_id = "post_dm_message",
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
pub(crate) async fn post_dm_message(
    state: Data<State>,
    caller: Scoped<needs::MessagesWrite>,
    channel_id: Path<ChannelId>,
    key: SendKey,
    body: Body<PostMessage>,
) -> ApiResult<Reply<MessageView>> {
    post_message(state, caller, channel_id, key, body).await
}
