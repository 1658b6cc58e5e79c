//! `/messages/{message_id}/pin` and `/channels/{channel_id}/pins`.

pub(crate) mod add;
pub(crate) mod list;
pub(crate) mod remove;

use colink_auth::Caller;
use colink_core::id::MessageId;
use colink_core::permission::Action;
use colink_events::messages::{PinAdded, PinPayload, PinRemoved};

use crate::error::{Error, Result};
use crate::routes::messages::locate_live;
use crate::state::State;
use crate::store::turn::Turn;
use crate::store::{messages, pins};

/// Sets or takes off a pin and says so in the log; what is so already changes nothing.
async fn set(state: &State, caller: &Caller, message_id: MessageId, pinned: bool) -> Result<()> {
    let place = locate_live(state, caller, message_id, Action::Pin).await?;
    let mut turn = Turn::take(&state.pool, place.channel_id).await?.ok_or(Error::NotFound("message"))?;
    if turn.archived {
        return Err(Error::Archived);
    }
    let current = messages::lookup_current(turn.connection(), message_id).await?;
    let current = current.ok_or(Error::NotFound("message"))?;
    if current.pinned_at.is_some() == pinned {
        return Ok(());
    }
    let (seq, at) = (turn.next_seq(), state.clock.timestamp());
    let pin = pinned.then_some((caller.user_id(), at.as_datetime()));
    pins::update(turn.connection(), message_id, pin, seq).await?;
    let payload = PinPayload {
        message_id,
        channel_id: turn.channel_id,
        workspace_id: turn.workspace_id,
        seq,
        user_id: caller.user_id(),
        at,
    };
    let (cause, clock) = (caller.cause(), state.clock.as_ref());
    if pinned {
        turn.log(&PinAdded(payload), &cause, clock).await?;
    } else {
        turn.log(&PinRemoved(payload), &cause, clock).await?;
    }
    Ok(state.finish(turn).await?)
}
