//! A message of the channel itself: one statement, its own or one with its neighbours.

use std::sync::Arc;

use colink_auth::Caller;
use colink_core::permission::Action;
use colink_http::ApiError;

use crate::access::{authorise, authorise_within};
use crate::domain::splice::{StandIns, Template};
use crate::error::Result;
use crate::metrics::SendOutcome;
use crate::sending::{Prepared, Sent, ensure_author, find_earlier, replay};
use crate::state::State;
use crate::store::send::NewPost;

/// The first attempt is all there is to it, unless the statement finds nothing to do: then a key was used before, or
/// the sender may not post, or the projections do not know him or the channel yet.
const ATTEMPTS: usize = 3;

pub(super) async fn send(state: &State, caller: &Caller, prepared: &Prepared<'_>) -> Result<Sent> {
    let clock = state.clock.as_ref();
    let stand_ins = StandIns::generate(caller.user_id(), clock);
    let payload = prepared.payload(stand_ins.workspace_id, stand_ins.seq, stand_ins.author.clone());
    let template = Template::seal(payload, &stand_ins, &prepared.cause, clock)?;
    let mut post = new_post(prepared, template, caller.has_second_factor());
    for _ in 0..ATTEMPTS {
        if let Some(posted) = state.lanes.store(&post).await? {
            let row = posted.logged(&post, prepared.cause.traceparent.clone());
            state.publish(row, posted.published_seq);
            state.metrics.sent(SendOutcome::Post);
            let view = prepared.view(posted.workspace_id.into(), posted.seq, posted.author)?;
            return Ok(Sent { view, replayed: false });
        }
        let (channel_id, named) = (prepared.draft.channel_id, prepared.draft.named);
        if let Some(earlier) = find_earlier(state, prepared).await? {
            // A key that may only write gets its own message back, as it did the first time.
            let scopes = caller.scopes().with(Action::ReadMessages.scope());
            authorise_within(state, caller, scopes, channel_id, Action::ReadMessages, named).await?;
            return replay(state, prepared, earlier).await;
        }
        let access = authorise(state, caller, channel_id, Action::SendMessage, named).await?;
        Arc::make_mut(&mut post).bypass = access.bypassed;
        ensure_author(state, caller).await?;
    }
    // The channel's state changed under every attempt.
    Err(ApiError::unavailable("channel").into())
}

fn new_post(prepared: &Prepared<'_>, template: Template, second_factor: bool) -> Arc<NewPost> {
    Arc::new(NewPost {
        id: prepared.id,
        channel_id: prepared.draft.channel_id,
        author_id: prepared.author_id,
        client_msg_id: prepared.client_msg_id().map(str::to_owned),
        idempotency_key: prepared.idempotency_key().map(str::to_owned),
        fingerprint: prepared.fingerprint,
        content: prepared.draft.content.as_str().to_owned(),
        content_html: prepared.reading.html.clone(),
        file_ids: prepared.draft.file_ids.clone(),
        mentions: prepared.reading.mentions_json.clone(),
        mentioned: prepared.reading.mentioned.clone(),
        everyone: prepared.reading.everyone,
        at: prepared.moment(),
        template,
        bypass: false,
        second_factor,
    })
}
