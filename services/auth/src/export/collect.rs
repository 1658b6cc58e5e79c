//! What is collected: from this service's tables ([`super::own_tables`]), and from the services that keep the rest.

use colink_core::id::UserId;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc::Sender;

use super::archive::Entry;
use super::own_tables;
use crate::error::AuthError;
use crate::peers::Paged;
use crate::state::State;

const README: &str = include_str!("readme.txt");

/// Where entries go. A receiver that is gone has failed and says why itself.
pub(super) struct Archive(Sender<Entry>);

impl Archive {
    async fn add(&self, entry: Entry) -> Result<(), AuthError> {
        self.0.send(entry).await.map_err(|gone| AuthError::crypto(gone.to_string()))
    }

    pub(super) async fn file(&self, name: &'static str, content: &impl Serialize) -> Result<(), AuthError> {
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
    own_tables::add(state, user, &archive).await?;
    let memberships = state.peers.memberships(user).await.map_err(AuthError::Peer)?;
    archive.file("memberships.json", &memberships).await?;
    list(state, user, &archive, "messages.jsonl", Paged::Messages).await?;
    list(state, user, &archive, "reactions.jsonl", Paged::Reactions).await?;
    list(state, user, &archive, "files.jsonl", Paged::Files).await?;
    list(state, user, &archive, "audit.jsonl", Paged::AuditLog).await?;
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
