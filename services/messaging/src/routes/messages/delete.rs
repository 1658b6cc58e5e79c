//! `DELETE /messages/{message_id}` (M-5).

use actix_web::web::Data;
use colink_auth::{Caller, Scoped, needs};
use colink_core::id::MessageId;
use colink_core::permission::Action;
use colink_events::messages::MessageDeleted;
use colink_http::{ApiResult, Path, Reply};

use crate::access::authorise;
use crate::error::{Error, Result};
use crate::state::State;
use crate::store::messages::{self, lookup_place};
use crate::store::turn::Turn;
use crate::store::{log, threads};
use crate::thread_events::summary_changed;

/// Deletes a message: its author, or who keeps order in the channel. What it said is no longer shown; a thread that
/// hangs on it stays.
#[utoipa::path(
    delete,
    path = "/messages/{message_id}",
    operation_id = "delete_message",
    tag = "messages",
    params(("message_id" = MessageId, Path)),
    responses((status = 204, description = "Deleted"))
)]
pub(crate) async fn delete_message(
    state: Data<State>,
    caller: Scoped<needs::MessagesWrite>,
    Path(id): Path<MessageId>,
) -> ApiResult<Reply<()>> {
    let place = lookup_place(&state.pool, id).await?.ok_or(Error::NotFound("message"))?;
    let own = place.author_id == caller.user_id();
    let action = if own { Action::DeleteOwnMessage } else { Action::DeleteAnyMessage };
    authorise(&state, &caller, place.channel_id, action, "message").await?;
    if place.deleted {
        return Err(Error::NotFound("message").into());
    }
    let turn = Turn::take(&state.pool, place.channel_id).await?.ok_or(Error::NotFound("message"))?;
    remove(&state, &caller, turn, id).await?;
    Ok(Reply::no_content())
}

async fn remove(state: &State, caller: &Caller, mut turn: Turn, id: MessageId) -> Result<()> {
    let current = messages::lookup_current(turn.connection(), id).await?.ok_or(Error::NotFound("message"))?;
    let (channel_id, seq, at) = (turn.channel_id, turn.next_seq(), state.clock.timestamp());
    messages::delete(turn.connection(), id, seq, caller.user_id(), at.as_datetime()).await?;
    log::blank(turn.connection(), channel_id, id).await?;
    let thread_id = current.thread_id.map(MessageId::from);
    let event = MessageDeleted {
        id,
        channel_id,
        workspace_id: turn.workspace_id,
        seq,
        thread_id,
        deleted_by: caller.user_id(),
        deleted_at: at,
        author_id: current.author_id.into(),
    };
    turn.log(&event, &caller.cause(), state.clock.as_ref()).await?;
    if let Some(root) = thread_id {
        let next = turn.next_seq();
        let summary = threads::recount(turn.connection(), root, next).await?;
        turn.log(&summary_changed(&turn, root, summary), &caller.cause(), state.clock.as_ref()).await?;
    }
    Ok(state.finish(turn).await?)
}
