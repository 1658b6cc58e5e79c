//! Bypasses of realm admins that are not published yet: a document each, which goes when its event is out. A read leaves
//! no document of its own that the event could stand in.

use bson::{Document, doc};
use colink_store::StoreError;
use mongodb::{Collection, Database};

use super::pending_events::{Leftover, PendingEvent, PendingEvents};
use crate::error::Result;

const COLLECTION: &str = "access_bypasses";

/// The collection. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct BypassStore {
    bypasses: Collection<Document>,
    pending: PendingEvents,
}

impl BypassStore {
    /// The bypasses of `database`.
    pub(crate) fn new(database: &Database) -> Self {
        Self {
            bypasses: database.collection(COLLECTION),
            pending: PendingEvents::new(database, COLLECTION, Leftover::Nothing),
        }
    }

    /// The events that wait in the documents.
    pub(crate) fn pending_events(&self) -> PendingEvents {
        self.pending.clone()
    }

    /// Makes the relay's index.
    pub(crate) async fn ensure_indexes(&self) -> std::result::Result<(), StoreError> {
        self.pending.ensure_indexes().await
    }

    /// Writes a bypass to be published.
    pub(crate) async fn insert(&self, event: PendingEvent) -> Result<()> {
        let id = event.id.clone();
        let document = doc! { "_id": id, "relay_due": true, "pending_events": [event.into_document()] };
        self.bypasses.insert_one(document).await?;
        Ok(())
    }
}
