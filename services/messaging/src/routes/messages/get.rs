//! `GET /messages/{message_id}`.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::MessageId;
use colink_core::permission::Action;
use colink_http::{ApiResult, Path, Reply, Success};

use crate::routes::messages::{locate, show};
use crate::state::State;
use crate::view::MessageView;

/// One message with its reactions and thread. A deleted one shows when it was deleted and nothing of what it said.
#[utoipa::path(
    get,
    path = "/messages/{message_id}",
    operation_id = "get_message",
    tag = "messages",
    params(("message_id" = MessageId, Path)),
    responses((status = 200, description = "The message", body = Success<MessageView>))
)]
pub(crate) async fn get_message(
    state: Data<State>,
    caller: Scoped<needs::MessagesRead>,
    Path(id): Path<MessageId>,
) -> ApiResult<Reply<MessageView>> {
    locate(&state, &caller, id, Action::ReadMessages).await?;
    show(&state, &caller, id).await
}
