//! `POST /messages/{message_id}/reactions` (M-7).

use actix_web::web::Data;
use colink_auth::{Caller, Scoped, needs};
use colink_core::id::{MessageId, ReactionId, UserId};
use colink_core::permission::Action;
use colink_core::text::Emoji;
use colink_core::time::Timestamp;
use colink_events::messages::{ReactionAdded, ReactionPayload};
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Path, Reply, Success};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Error, Result};
use crate::routes::messages::locate_live;
use crate::state::State;
use crate::store::reactions::Added;
use crate::store::turn::Turn;
use crate::store::{messages, reactions};

/// How to react.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddReaction {
    /// One emoji, or its shortcode such as `:thumbsup:`.
    #[serde(default)]
    #[schema(example = "👍")]
    emoji: String,
}

/// A reaction.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReactionView {
    /// The reaction.
    id: ReactionId,
    /// The message.
    message_id: MessageId,
    /// Who reacts.
    user_id: UserId,
    /// With what, in Unicode's fully qualified form.
    #[schema(example = "👍")]
    emoji: String,
    /// Users who now react to the message with this emoji.
    #[schema(example = 3)]
    count: i64,
    /// When.
    created_at: Timestamp,
}

/// Reacts to a message. A second time with the same emoji is 409, and so is a 51st different emoji.
#[utoipa::path(
    post,
    path = "/messages/{message_id}/reactions",
    operation_id = "add_reaction",
    tag = "reactions",
    params(("message_id" = MessageId, Path)),
    request_body(content = AddReaction, example = json!({"emoji": "👍"})),
    responses((status = 201, description = "The reaction", body = Success<ReactionView>))
)]
pub(crate) async fn add_reaction(
    state: Data<State>,
    caller: Scoped<needs::MessagesWrite>,
    Path(message_id): Path<MessageId>,
    Body(request): Body<AddReaction>,
) -> ApiResult<Reply<ReactionView>> {
    let (emoji,) = all((field("emoji", Emoji::parse(&request.emoji)),))?;
    let place = locate_live(&state, &caller, message_id, Action::React).await?;
    let turn = Turn::take(&state.pool, place.channel_id).await?.ok_or(Error::NotFound("message"))?;
    let payload = react(&state, &caller, turn, message_id, emoji).await?;
    Ok(Reply::created(ReactionView {
        id: payload.id,
        message_id,
        user_id: caller.user_id(),
        emoji: payload.emoji,
        count: payload.count,
        created_at: payload.at,
    }))
}

async fn react(
    state: &State,
    caller: &Caller,
    mut turn: Turn,
    message_id: MessageId,
    emoji: Emoji,
) -> Result<ReactionPayload> {
    if turn.archived {
        return Err(Error::Archived);
    }
    messages::lookup_current(turn.connection(), message_id).await?.ok_or(Error::NotFound("message"))?;
    let id = ReactionId::generate(state.clock.as_ref());
    let (seq, at) = (turn.next_seq(), state.clock.timestamp());
    let max = state.rules.max_reactions;
    let added = reactions::insert(
        turn.connection(),
        id,
        message_id,
        caller.user_id(),
        emoji.as_str(),
        at.as_datetime(),
        i64::from(max),
    )
    .await?;
    let count = match added {
        Added::Count(count) => count,
        Added::Twice => return Err(Error::ReactedAlready),
        Added::TooMany => return Err(Error::TooManyReactions(max)),
    };
    reactions::touch(turn.connection(), message_id, seq).await?;
    let payload = ReactionPayload {
        id,
        message_id,
        channel_id: turn.channel_id,
        workspace_id: turn.workspace_id,
        seq,
        emoji: emoji.into_string(),
        user_id: caller.user_id(),
        count,
        at,
    };
    let event = ReactionAdded(payload);
    turn.log(&event, &caller.cause(), state.clock.as_ref()).await?;
    state.finish(turn).await?;
    Ok(event.0)
}
