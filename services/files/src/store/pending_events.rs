//! Events that wait in the documents of a collection until the relay has published them.
//!
//! A document with events has `relay_due`. Whoever publishes them takes a lease on the document (`relay_owner`,
//! `relay_until`) by one conditional update, so that of several replicas one does it and a file's events stay in order.
//! A lease that is not renewed ends by itself; what its owner had sent is sent again. New events may be pushed meanwhile:
//! `relay_due` goes only together with the last of them.

use bson::{Bson, DateTime as Moment, Document, doc};
use colink_core::clock::Clock;
use colink_core::time::Timestamp;
use colink_events::{Cause, Envelope, Event, SealError};
use colink_store::StoreError;
use mongodb::options::{IndexOptions, ReturnDocument};
use mongodb::{Collection, Database, IndexModel};
use serde::{Deserialize, Serialize};

use super::moment;
use crate::error::Result;

/// A sealed event with its place among the streams.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PendingEvent {
    pub(crate) id: String,
    pub(crate) topic: String,
    pub(crate) key: String,
    /// The envelope as JSON; it is never serialised again.
    pub(crate) envelope: String,
}

impl PendingEvent {
    /// Seals an event that happens now.
    ///
    /// # Errors
    /// [`SealError`] when it has no JSON form.
    pub(crate) fn seal<E: Event>(
        event: &E,
        cause: &Cause,
        clock: &dyn Clock,
    ) -> std::result::Result<Self, SealError> {
        let envelope = Envelope::seal(event, cause, clock)?;
        let text = envelope.to_bytes()?;
        Ok(Self {
            id: envelope.id.to_string(),
            topic: E::TOPIC.name().to_owned(),
            key: event.key(),
            // JSON is UTF-8: nothing is ever replaced here.
            envelope: String::from_utf8_lossy(&text).into_owned(),
        })
    }

    pub(super) fn into_document(self) -> Document {
        doc! { "id": self.id, "topic": self.topic, "key": self.key, "envelope": self.envelope }
    }
}

/// What stays of a document whose events are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leftover {
    /// The document.
    Document,
    /// Nothing.
    Nothing,
}

/// A document that is ours for a while.
#[derive(Debug, Deserialize)]
pub(crate) struct Leased {
    #[serde(rename = "_id")]
    id: String,
    /// In the order in which they happened.
    #[serde(default)]
    pub(crate) pending_events: Vec<PendingEvent>,
}

/// The waiting events of one collection. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct PendingEvents {
    documents: Collection<Leased>,
    leftover: Leftover,
}

impl PendingEvents {
    /// The events in the documents of `collection`.
    pub(super) fn new(database: &Database, collection: &str, leftover: Leftover) -> Self {
        Self { documents: database.collection(collection), leftover }
    }

    pub(super) async fn ensure_indexes(&self) -> std::result::Result<(), StoreError> {
        let sparse = IndexOptions::builder().sparse(true).build();
        self.documents
            .create_index(IndexModel::builder().keys(doc! { "relay_due": 1 }).options(sparse).build())
            .await?;
        Ok(())
    }

    /// How many documents have events.
    pub(crate) async fn count(&self) -> Result<u64> {
        Ok(self.documents.count_documents(doc! { "relay_due": true }).await?)
    }

    /// Leases one document with events that nobody else has.
    pub(crate) async fn claim(
        &self,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Leased>> {
        let free = doc! {
            "relay_due": true,
            "$or": [{ "relay_until": Bson::Null }, { "relay_until": { "$lte": moment(now) } }],
        };
        let update = doc! { "$set": lease(owner, moment(until)) };
        Ok(self.documents.find_one_and_update(free, update).return_document(ReturnDocument::After).await?)
    }

    /// Goes on with a lease; false when it is lost.
    pub(crate) async fn renew(&self, document: &Leased, owner: &str, until: Timestamp) -> Result<bool> {
        let update = doc! { "$set": lease(owner, moment(until)) };
        Ok(self.documents.update_one(mine(document, owner), update).await?.matched_count == 1)
    }

    /// Takes the events out that were published, and gives the document back. When the lease is lost nothing is taken:
    /// whoever has it now publishes them again.
    pub(crate) async fn settle(&self, document: &Leased, owner: &str, published: &[String]) -> Result<()> {
        let update = doc! {
            "$pull": { "pending_events": { "id": { "$in": published } } },
            "$unset": { "relay_owner": "", "relay_until": "" },
        };
        self.documents.update_one(mine(document, owner), update).await?;
        let empty = doc! { "_id": &document.id, "pending_events": { "$size": 0 } };
        match self.leftover {
            Leftover::Document => {
                self.documents.update_one(empty, doc! { "$unset": { "relay_due": "" } }).await?;
            }
            Leftover::Nothing => {
                self.documents.delete_one(empty).await?;
            }
        }
        Ok(())
    }
}

fn lease(owner: &str, until: Moment) -> Document {
    doc! { "relay_owner": owner, "relay_until": until }
}

fn mine(document: &Leased, owner: &str) -> Document {
    doc! { "_id": &document.id, "relay_owner": owner }
}
