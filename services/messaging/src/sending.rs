//! From a checked request to a stored message: what `POST …/messages` and `POST …/threads` share.
//!
//! A message of the channel itself goes through one statement ([`post`]), a reply through a turn ([`reply`]). Both
//! answer a repeated key with the first message (M-2), also when the two run at the same moment: the database lets one
//! of them insert, and the other one finds it here.

pub(crate) mod lanes;
mod post;
mod reply;

use chrono::{DateTime, Utc};
use colink_auth::Caller;
use colink_core::id::{ChannelId, FileId, MessageId, UserId, WorkspaceId};
use colink_core::permission::{Action, decide};
use colink_core::text::{ClientMsgId, IdempotencyKey, MessageContent};
use colink_core::time::Timestamp;
use colink_events::Cause;
use colink_events::messages::{Author, Mention, MessagePayload};
use colink_store::postgres::constraint;
use serde::Deserialize;

use crate::domain::fingerprint::{self, Fingerprint};
use crate::domain::html;
use crate::domain::mention::{self, Known};
use crate::error::{Error, Result};
use crate::metrics::SendOutcome;
use crate::state::State;
use crate::store::{history, send, standing, users};
use crate::view::MessageView;

/// What somebody wants to say.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) channel_id: ChannelId,
    /// The thread, for a reply.
    pub(crate) thread_id: Option<MessageId>,
    /// A reply that is also shown in the channel.
    pub(crate) also_in_channel: bool,
    pub(crate) content: MessageContent,
    pub(crate) file_ids: Vec<FileId>,
    pub(crate) client_msg_id: Option<ClientMsgId>,
    pub(crate) idempotency_key: Option<IdempotencyKey>,
    /// What the sender named, for the words of a refusal: `channel` or `message`.
    pub(crate) named: &'static str,
}

/// What became of it.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) view: MessageView,
    /// The key was used before with the same message.
    pub(crate) replayed: bool,
}

/// A draft with everything that is known without locking the channel.
#[derive(Debug)]
struct Prepared<'a> {
    draft: &'a Draft,
    id: MessageId,
    author_id: UserId,
    at: Timestamp,
    cause: Cause,
    fingerprint: Fingerprint,
    reading: Reading,
}

/// What a text means in a channel.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) html: String,
    pub(crate) mentions: Vec<Mention>,
    /// `mentions` as JSON.
    pub(crate) mentions_json: String,
    /// The users among them, without the author: nobody calls himself.
    pub(crate) mentioned: Vec<UserId>,
    pub(crate) everyone: bool,
}

/// Stores a message, or finds the one that was stored under its key.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NotAllowed`], [`Error::Archived`], [`Error::KeyReused`], or a failure.
pub(crate) async fn send(state: &State, caller: &Caller, draft: &Draft) -> Result<Sent> {
    // The statement that stores a post looks at members and roles, and knows nothing of tokens.
    caller.require(Action::SendMessage.scope())?;
    let prepared = Prepared {
        draft,
        id: MessageId::generate(state.clock.as_ref()),
        author_id: caller.user_id(),
        at: state.clock.timestamp(),
        cause: caller.cause(),
        fingerprint: fingerprint::of_send(
            draft.channel_id,
            draft.thread_id,
            draft.also_in_channel,
            draft.content.as_str(),
            &draft.file_ids,
        ),
        reading: read(state, caller, draft.channel_id, draft.content.as_str()).await?,
    };
    match draft.thread_id {
        None => post::send(state, caller, &prepared).await,
        Some(root) => reply::send(state, caller, &prepared, root).await,
    }
}

/// Renders a text and finds whom it calls. Asks the database only when somebody is called.
///
/// # Errors
/// When the database cannot be asked.
pub(crate) async fn read(
    state: &State,
    caller: &Caller,
    channel_id: ChannelId,
    content: &str,
) -> Result<Reading> {
    let called = mention::called(content);
    let mut known = Known::default();
    if !called.names.is_empty() {
        known.users = users::find_by_names(&state.pool, channel_id, &called.names).await?;
    }
    if called.channel || called.here {
        let (user_id, realm_admin) = (caller.user_id(), caller.realm_admin());
        let seen = standing::lookup(&state.pool, channel_id, user_id, realm_admin, caller.scopes()).await?;
        known.everyone = seen.is_some_and(|seen| decide(&seen.standing, Action::MentionAll).is_allowed());
    }
    let mentions = mention::mentions(&called, &known);
    let mut mentioned = mention::user_ids(&mentions);
    mentioned.retain(|user_id| *user_id != caller.user_id());
    Ok(Reading {
        html: html::render(content, &known),
        mentions_json: serde_json::to_string(&mentions)?,
        mentions,
        mentioned,
        everyone: known.everyone,
    })
}

impl Prepared<'_> {
    /// The payload of `message.created`.
    fn payload(&self, workspace_id: WorkspaceId, seq: i64, author: Author) -> MessagePayload {
        MessagePayload {
            id: self.id,
            channel_id: self.draft.channel_id,
            workspace_id,
            seq,
            thread_id: self.draft.thread_id,
            author,
            content: self.draft.content.as_str().to_owned(),
            content_html: self.reading.html.clone(),
            client_msg_id: self.client_msg_id().map(str::to_owned),
            file_ids: self.draft.file_ids.clone(),
            mentions: self.reading.mentions.clone(),
            edited_at: None,
            deleted_at: None,
            created_at: self.at,
        }
    }

    /// The message as its sender sees it: new, so without reactions and thread.
    fn view(&self, workspace_id: WorkspaceId, seq: i64, author: String) -> serde_json::Result<MessageView> {
        Ok(MessageView {
            id: self.id,
            channel_id: self.draft.channel_id,
            workspace_id,
            seq,
            thread_id: self.draft.thread_id,
            author: crate::view::raw(author)?,
            content: self.draft.content.as_str().to_owned(),
            content_html: self.reading.html.clone(),
            client_msg_id: self.client_msg_id().map(str::to_owned),
            file_ids: self.draft.file_ids.clone(),
            mentions: crate::view::raw(self.reading.mentions_json.as_str())?,
            reactions: crate::view::raw("[]")?,
            thread: None,
            pinned: false,
            edited_at: None,
            deleted_at: None,
            created_at: self.at,
        })
    }

    fn client_msg_id(&self) -> Option<&str> {
        self.draft.client_msg_id.as_ref().map(ClientMsgId::as_str)
    }

    fn idempotency_key(&self) -> Option<&str> {
        self.draft.idempotency_key.as_ref().map(IdempotencyKey::as_str)
    }

    fn moment(&self) -> DateTime<Utc> {
        self.at.as_datetime()
    }
}

/// The message that was sent under the draft's keys before, if there is one.
async fn find_earlier(state: &State, prepared: &Prepared<'_>) -> Result<Option<MessageId>> {
    let (client_msg_id, idempotency_key) = (prepared.client_msg_id(), prepared.idempotency_key());
    if client_msg_id.is_none() && idempotency_key.is_none() {
        return Ok(None);
    }
    let earlier = send::find_by_key(&state.pool, prepared.author_id, client_msg_id, idempotency_key).await?;
    let Some(first) = earlier.first() else { return Ok(None) };
    if earlier.len() > 1 || first.fingerprint != prepared.fingerprint {
        return Err(Error::KeyReused);
    }
    Ok(Some(first.id.into()))
}

/// Answers with an earlier message as it now stands. The caller has seen to it that the sender may read it: he may have
/// been removed since he wrote it.
async fn replay(state: &State, prepared: &Prepared<'_>, id: MessageId) -> Result<Sent> {
    let shown = history::lookup(&state.pool, prepared.author_id, id).await?;
    let view = shown.map(MessageView::try_from).transpose()?.ok_or(Error::NotFound("message"))?;
    state.metrics.sent(SendOutcome::Replayed);
    Ok(Sent { view, replayed: true })
}

/// Whether the database says that one of the sender's keys was used before.
fn is_key_taken(error: &sqlx::Error) -> bool {
    constraint(error).is_some_and(|name| send::KEYS.contains(&name))
}

#[derive(Debug, Deserialize)]
struct LookupAnswer {
    users: Vec<Author>,
}

/// Makes sure that the sender's profile is known here: his event may not have arrived yet.
///
/// Auth is asked once; while it cannot be, the name in the token will do until the event comes.
async fn ensure_author(state: &State, caller: &Caller) -> Result<String> {
    let mut connection = state.pool.acquire().await?;
    if let Some(summary) = users::lookup_summary(&mut connection, caller.user_id()).await? {
        return Ok(summary);
    }
    let author = ask_for_author(state, caller.user_id()).await.unwrap_or_else(|| Author {
        id: caller.user_id(),
        username: caller.username().to_owned(),
        display_name: caller.username().to_owned(),
        avatar_url: None,
        bot: false,
    });
    users::upsert(&mut connection, &author, 0).await?;
    let summary = users::lookup_summary(&mut connection, caller.user_id()).await?;
    Ok(summary.ok_or(sqlx::Error::RowNotFound)?)
}

async fn ask_for_author(state: &State, user_id: UserId) -> Option<Author> {
    let body = serde_json::json!({ "ids": [user_id] });
    let asked = state.auth.as_ref()?.post_json::<_, LookupAnswer>("/internal/users/lookup", &body).await;
    match asked {
        Ok(answer) => answer.users.into_iter().find(|author| author.id == user_id),
        Err(error) => {
            tracing::warn!(%user_id, %error, "auth could not be asked for a profile");
            None
        }
    }
}
