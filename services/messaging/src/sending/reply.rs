//! A reply: a turn with two events, the message and its thread's new summary (M-6).

use colink_auth::Caller;
use colink_core::error::Invalid;
use colink_core::id::MessageId;
use colink_core::permission::Action;
use colink_events::messages::{Author, MessageCreated};
use colink_http::ApiError;

use crate::access::{authorise, authorise_within};
use crate::error::{Error, Result};
use crate::metrics::SendOutcome;
use crate::sending::{Prepared, Sent, ensure_author, find_earlier, is_key_taken, replay};
use crate::state::State;
use crate::store::messages::{self, NewMessage};
use crate::store::threads;
use crate::store::turn::Turn;
use crate::thread_events::summary_changed;

pub(super) async fn send(
    state: &State,
    caller: &Caller,
    prepared: &Prepared<'_>,
    root: MessageId,
) -> Result<Sent> {
    let (channel_id, named) = (prepared.draft.channel_id, prepared.draft.named);
    if let Some(earlier) = find_earlier(state, prepared).await? {
        // A retry is a question about the past, as for a post: who may read gets the answer, also where nobody may write now.
        let scopes = caller.scopes().with(Action::ReadMessages.scope());
        authorise_within(state, caller, scopes, channel_id, Action::ReadMessages, named).await?;
        return replay(state, prepared, earlier).await;
    }
    authorise(state, caller, channel_id, Action::SendMessage, named).await?;
    let author = ensure_author(state, caller).await?;
    let mut turn = Turn::take(&state.pool, channel_id).await?.ok_or(Error::NotFound("channel"))?;
    if turn.archived {
        return Err(Error::Archived);
    }
    if !threads::is_root(turn.connection(), channel_id, root).await? {
        let reason =
            Invalid::new("must be the first message of a thread in this channel, not deleted and no reply");
        return Err(ApiError::invalid("thread_id", reason).into());
    }
    let (workspace_id, seq) = (turn.workspace_id, turn.next_seq());
    let message = new_message(prepared, root, seq);
    let stored =
        messages::insert_reply(turn.connection(), channel_id, workspace_id.as_uuid(), &message).await;
    match stored {
        Ok(()) => {}
        Err(error) if is_key_taken(&error) => {
            // The key was taken in another channel meanwhile; this one goes free before anything else is asked.
            drop(turn);
            let earlier = find_earlier(state, prepared).await?.ok_or(Error::KeyReused)?;
            return replay(state, prepared, earlier).await;
        }
        Err(error) => return Err(error.into()),
    }
    let payload = prepared.payload(workspace_id, seq, serde_json::from_str::<Author>(&author)?);
    turn.log(&MessageCreated(payload), &prepared.cause, state.clock.as_ref()).await?;
    let next = turn.next_seq();
    let summary =
        threads::add_reply(turn.connection(), root, prepared.id, prepared.author_id, prepared.moment(), next)
            .await?;
    turn.log(&summary_changed(&turn, root, summary), &prepared.cause, state.clock.as_ref()).await?;
    state.finish(turn).await?;
    state.metrics.sent(SendOutcome::Reply);
    Ok(Sent { view: prepared.view(workspace_id, seq, author)?, replayed: false })
}

fn new_message<'a>(prepared: &'a Prepared<'a>, root: MessageId, seq: i64) -> NewMessage<'a> {
    NewMessage {
        id: prepared.id,
        seq,
        thread_id: root,
        in_channel: prepared.draft.also_in_channel,
        author_id: prepared.author_id,
        client_msg_id: prepared.client_msg_id(),
        idempotency_key: prepared.idempotency_key(),
        fingerprint: prepared.fingerprint,
        content: prepared.draft.content.as_str(),
        content_html: &prepared.reading.html,
        file_ids: &prepared.draft.file_ids,
        mentions: &prepared.reading.mentions_json,
        mentioned: &prepared.reading.mentioned,
        everyone: prepared.reading.everyone,
        at: prepared.moment(),
    }
}
