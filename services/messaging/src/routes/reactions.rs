//! `/messages/{message_id}/reactions` and `/reactions/{reaction_id}`.

pub(crate) mod add;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod remove_by_id;

use colink_auth::Caller;
use colink_core::id::MessageId;
use colink_core::permission::Action;
use colink_events::messages::{ReactionPayload, ReactionRemoved};

use crate::error::{Error, Result};
use crate::routes::messages::locate_live;
use crate::state::State;
use crate::store::reactions;
use crate::store::turn::Turn;

/// Takes the caller's reaction back and says so in the log.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub(crate) async fn take_back(
    state: &State,
    caller: &Caller,
    message_id: MessageId,
    emoji: &str,
) -> Result<()> {
    let place = locate_live(state, caller, message_id, Action::React).await?;
    let mut turn = Turn::take(&state.pool, place.channel_id).await?.ok_or(Error::NotFound("message"))?;
    if turn.archived {
        return Err(Error::Archived);
    }
    let gone = reactions::delete(turn.connection(), message_id, caller.user_id(), emoji).await?;
    let (id, count) = gone.ok_or(Error::NotFound("reaction"))?;
    let seq = turn.next_seq();
    reactions::touch(turn.connection(), message_id, seq).await?;
    let event = ReactionRemoved(ReactionPayload {
        id: id.into(),
        message_id,
        channel_id: turn.channel_id,
        workspace_id: turn.workspace_id,
        seq,
        emoji: emoji.to_owned(),
        user_id: caller.user_id(),
        count,
        at: state.clock.timestamp(),
    });
    turn.log(&event, &caller.cause(), state.clock.as_ref()).await?;
    Ok(state.finish(turn).await?)
}
