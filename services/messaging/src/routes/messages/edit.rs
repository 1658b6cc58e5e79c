//! `PUT` and `PATCH /messages/{message_id}` (M-4).

use actix_web::web::Data;
use colink_auth::{Caller, Scoped, needs};
use colink_core::id::{FileId, MessageId};
use colink_core::permission::Action;
use colink_core::text::MessageContent;
use colink_core::time::Timestamp;
use colink_events::messages::{MessagePayload, MessageUpdated};
use colink_http::etag::{IfMatch, of_version};
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Path, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::{Error, Result};
use crate::routes::messages::{locate_live, show};
use crate::sending::{Reading, read};
use crate::state::State;
use crate::store::messages::{self, Current, Rewording};
use crate::store::turn::Turn;
use crate::store::users;
use crate::view::MessageView;

/// What the message shall say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditMessage {
    /// 1 to 4,000 characters of Markdown (the limit is configurable up to 16,000).
    #[serde(default)]
    #[schema(example = "Shipped in **v2.1**", min_length = 1, max_length = 16000)]
    content: String,
}

/// Rewrites one's own message, within an hour of writing it unless configured otherwise. The earlier wording is kept.
#[utoipa::path(
    put,
    path = "/messages/{message_id}",
    operation_id = "edit_message",
    tag = "messages",
    params(
        ("message_id" = MessageId, Path),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the message's tag"),
    ),
    request_body(content = EditMessage, example = json!({"content": "Shipped in **v2.1**"})),
    responses((status = 200, description = "The message as it now stands", body = Success<MessageView>))
)]
pub(crate) async fn edit_message(
    state: Data<State>,
    caller: Scoped<needs::MessagesWrite>,
    Path(id): Path<MessageId>,
    if_match: IfMatch,
    Body(request): Body<EditMessage>,
) -> ApiResult<Reply<MessageView>> {
    let (content,) = all((field(
        "content",
        MessageContent::parse_within(&request.content, state.rules.max_content_chars),
    ),))?;
    let place = locate_live(&state, &caller, id, Action::EditOwnMessage).await?;
    if place.author_id != caller.user_id() {
        return Err(Error::NotAuthor.into());
    }
    let reading = read(&state, &caller, place.channel_id, content.as_str()).await?;
    let turn = Turn::take(&state.pool, place.channel_id).await?.ok_or(Error::NotFound("message"))?;
    reword(&state, &caller, turn, id, &if_match, &content, reading).await?;
    show(&state, &caller, id).await
}

async fn reword(
    state: &State,
    caller: &Caller,
    mut turn: Turn,
    id: MessageId,
    if_match: &IfMatch,
    content: &MessageContent,
    reading: Reading,
) -> Result<()> {
    let current = messages::lookup_current(turn.connection(), id).await?.ok_or(Error::NotFound("message"))?;
    if turn.archived {
        return Err(Error::Archived);
    }
    if_match.check(&of_version(current.changed_seq))?;
    let at = state.clock.timestamp();
    let age = at.as_datetime() - current.created_at;
    if state.rules.edit_window().is_some_and(|window| age > window) {
        return Err(Error::EditWindowOver);
    }
    if current.content == content.as_str() {
        return Ok(());
    }
    let seq = turn.next_seq();
    let new = Rewording {
        id,
        seq,
        content: content.as_str(),
        content_html: &reading.html,
        mentions: &reading.mentions_json,
        mentioned: &reading.mentioned,
        everyone: reading.everyone,
        at: at.as_datetime(),
    };
    messages::update_content(turn.connection(), &new).await?;
    let author =
        users::lookup_summary(turn.connection(), caller.user_id()).await?.ok_or(Error::NotFound("user"))?;
    let author = serde_json::from_str(&author)?;
    let payload = MessagePayload {
        id,
        channel_id: turn.channel_id,
        workspace_id: turn.workspace_id,
        seq,
        thread_id: current.thread_id.map(MessageId::from),
        author,
        content: content.as_str().to_owned(),
        content_html: reading.html,
        client_msg_id: current.client_msg_id.clone(),
        file_ids: file_ids(&current),
        mentions: reading.mentions,
        edited_at: Some(at),
        deleted_at: None,
        created_at: Timestamp::from(current.created_at),
    };
    turn.log(&MessageUpdated(payload), &caller.cause(), state.clock.as_ref()).await?;
    Ok(state.finish(turn).await?)
}

fn file_ids(current: &Current) -> Vec<FileId> {
    current.file_ids.iter().copied().map(FileId::from).collect()
}
