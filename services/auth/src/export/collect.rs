//! What is collected: from this service's tables, and from the services that keep the rest.

use colink_core::id::UserId;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;

use super::archive::Entry;
use crate::error::AuthError;
use crate::peers::Paged;
use crate::routes::users::Profile;
use crate::second_factor;
use crate::state::State;
use crate::store::{passkeys, sessions, users};

const README: &str = include_str!("readme.txt");

/// Where entries go. A receiver that is gone has failed and says why itself.
struct Archive(Sender<Entry>);

impl Archive {
    async fn add(&self, entry: Entry) -> Result<(), AuthError> {
        self.0.send(entry).await.map_err(|gone| AuthError::crypto(gone.to_string()))
    }

    async fn file(&self, name: &'static str, content: &impl Serialize) -> Result<(), AuthError> {
        let text = serde_json::to_vec_pretty(content).map_err(AuthError::crypto)?;
        self.add(Entry::Begin(name)).await?;
        self.add(Entry::Bytes(text)).await
    }

    /// One JSON object a line, because there may be many.
    async fn lines(&self, items: &[Value]) -> Result<(), AuthError> {
        let mut text = Vec::new();
        for item in items {
            serde_json::to_writer(&mut text, item).map_err(AuthError::crypto)?;
            text.push(b'\n');
        }
        self.add(Entry::Bytes(text)).await
    }
}

/// Collects everything of a user.
pub(super) async fn everything(state: &State, user: UserId, entries: Sender<Entry>) -> Result<(), AuthError> {
    let archive = Archive(entries);
    archive.add(Entry::Begin("README.txt")).await?;
    archive.add(Entry::Bytes(README.as_bytes().to_vec())).await?;
    own_tables(state, user, &archive).await?;
    let memberships = state.peers.memberships(user).await.map_err(AuthError::Peer)?;
    archive.file("memberships.json", &memberships).await?;
    list(state, user, &archive, "messages.jsonl", Paged::Messages).await?;
    list(state, user, &archive, "reactions.jsonl", Paged::Reactions).await?;
    list(state, user, &archive, "files.jsonl", Paged::Files).await?;
    archive.add(Entry::End).await
}

async fn list(
    state: &State,
    user: UserId,
    archive: &Archive,
    name: &'static str,
    list: Paged,
) -> Result<(), AuthError> {
    archive.add(Entry::Begin(name)).await?;
    let mut after = None;
    loop {
        let page = state.peers.page(list, user, after.as_deref()).await.map_err(AuthError::Peer)?;
        archive.lines(&page.items).await?;
        match page.next_after {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

async fn own_tables(state: &State, user_id: UserId, archive: &Archive) -> Result<(), AuthError> {
    let now = state.clock.now();
    let user = users::lookup(&state.pool, user_id).await?.ok_or(AuthError::UserGone)?;
    archive.file("profile.json", &Profile::of(&user, now)).await?;
    let sessions = sessions::list(&state.pool, user_id, now).await?;
    let sessions: Vec<Value> = sessions
        .iter()
        .map(|session| {
            json!({
                "id": session.id(), "device_name": session.device_name, "user_agent": session.user_agent,
                "ip": session.ip, "created_at": session.created_at, "last_seen_at": session.last_seen_at,
                "expires_at": session.expires_at,
            })
        })
        .collect();
    archive.file("sessions.json", &sessions).await?;
    archive.file("security.json", &security(state, user_id).await?).await
}

/// Which ways in there are, and nothing of what opens them.
async fn security(state: &State, user_id: UserId) -> Result<Value, AuthError> {
    let passkeys = passkeys::list(&state.pool, user_id).await?;
    let passkeys: Vec<Value> = passkeys
        .iter()
        .map(|passkey| {
            json!({
                "name": passkey.name, "created_at": passkey.created_at, "last_used_at": passkey.last_used_at,
            })
        })
        .collect();
    let mut connection = state.pool.acquire().await?;
    let second_factors = second_factor::methods(&mut connection, user_id).await?;
    Ok(json!({ "passkeys": passkeys, "second_factors": second_factors }))
}
