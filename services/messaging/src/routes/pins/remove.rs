//! `DELETE /messages/{message_id}/pin` (M-13).

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::MessageId;
use colink_http::{ApiResult, Path, Reply};

use crate::routes::pins::set;
use crate::state::State;

/// Takes a pin off. Again changes nothing.
#[utoipa::path(
    delete,
    path = "/messages/{message_id}/pin",
    operation_id = "unpin_message",
    tag = "pins",
    params(("message_id" = MessageId, Path)),
    responses((status = 204, description = "Not pinned"))
)]
pub(crate) async fn unpin_message(
    state: Data<State>,
    caller: Scoped<needs::MessagesWrite>,
    Path(message_id): Path<MessageId>,
) -> ApiResult<Reply<()>> {
    set(&state, &caller, message_id, false).await?;
    Ok(Reply::no_content())
}
