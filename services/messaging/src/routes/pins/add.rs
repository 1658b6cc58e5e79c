//! `POST /messages/{message_id}/pin` (M-13).

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::MessageId;
use colink_http::{ApiResult, Path, Reply, Success};

use crate::routes::messages::show;
use crate::routes::pins::set;
use crate::state::State;
use crate::view::MessageView;

/// Pins a message in its channel, for those who keep order there. Again changes nothing.
#[utoipa::path(
    post,
    path = "/messages/{message_id}/pin",
    operation_id = "pin_message",
    tag = "pins",
    params(("message_id" = MessageId, Path)),
    responses((status = 200, description = "The pinned message", body = Success<MessageView>))
)]
pub(crate) async fn pin_message(
    state: Data<State>,
    caller: Scoped<needs::MessagesWrite>,
    Path(message_id): Path<MessageId>,
) -> ApiResult<Reply<MessageView>> {
    set(&state, &caller, message_id, true).await?;
    show(&state, &caller, message_id).await
}
