//! `DELETE /messages/{message_id}/reactions/{emoji}` (M-7).

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::MessageId;
use colink_core::text::Emoji;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Path, Reply};

use crate::routes::reactions::take_back;
use crate::state::State;

/// Takes one's own reaction back.
#[utoipa::path(
    delete,
    path = "/messages/{message_id}/reactions/{emoji}",
    operation_id = "remove_reaction",
    tag = "reactions",
    params(
        ("message_id" = MessageId, Path),
        ("emoji" = String, Path, description = "The emoji, percent-encoded, or its shortcode", example = "👍"),
    ),
    responses((status = 204, description = "Taken back"))
)]
pub(crate) async fn remove_reaction(
    state: Data<State>,
    caller: Scoped<needs::MessagesWrite>,
    Path((message_id, emoji)): Path<(MessageId, String)>,
) -> ApiResult<Reply<()>> {
    let (emoji,) = all((field("emoji", Emoji::parse(&emoji)),))?;
    take_back(&state, &caller, message_id, emoji.as_str()).await?;
    Ok(Reply::no_content())
}
