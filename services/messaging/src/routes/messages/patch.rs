//! `PATCH /messages/{message_id}` (M-4): the same as `PUT`.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::MessageId;
use colink_http::etag::IfMatch;
use colink_http::{ApiResult, Body, Path, Reply, Success};

use crate::routes::messages::edit::{EditMessage, edit_message};
use crate::state::State;
use crate::view::MessageView;

/// The same as `PUT`.
#[utoipa::path(
    patch,
    path = "/messages/{message_id}",
    operation_id = "patch_message",
    tag = "messages",
    params(
        ("message_id" = MessageId, Path),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the message's tag"),
    ),
    request_body(content = EditMessage, example = json!({"content": "Shipped in **v2.1**"})),
    responses((status = 200, description = "The message as it now stands", body = Success<MessageView>))
)]
pub(crate) async fn patch_message(
    state: Data<State>,
    caller: Scoped<needs::MessagesWrite>,
    id: Path<MessageId>,
    if_match: IfMatch,
    body: Body<EditMessage>,
) -> ApiResult<Reply<MessageView>> {
    edit_message(state, caller, id, if_match, body).await
}
