//! The collection `audit_log`: entries are inserted and read, never changed and never deleted.
//!
//! Only what every server of the protocol has is used: no transaction, session, update pipeline or partial index.

use std::borrow::Cow;
use std::time::Duration;

use bson::{DateTime as BsonTime, Document, doc};
use colink_core::id::{EventId, RequestId, SessionId, UserId, WorkspaceId};
use colink_core::page::TableQuery;
use colink_core::time::Timestamp;
use colink_events::Actor;
use colink_store::mongo::{duplicates, is_duplicate_key};
use colink_store::{StoreError, bounded};
use futures_util::TryStreamExt;
use mongodb::options::{CollectionOptions, WriteConcern};
use mongodb::{Collection, Database, IndexModel};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::entry::{Entry, Place, Resource};
use crate::domain::search::{Filter, Order, Position};

const STORE: &str = "mongo";
/// The driver waits for ever on a connection that has gone silent.
const PATIENCE: Duration = Duration::from_secs(5);
/// What a search may name, each with the time behind it, so that every filter and the plain list are read in order.
const INDEXED: [&str; 4] = ["actor.user_id", "action", "workspace_id", "resource.id"];

/// The audit log. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct AuditLog {
    entries: Collection<Row>,
}

impl AuditLog {
    /// The log in `database`. An entry counts as written when a majority of the servers has it.
    pub(crate) fn new(database: &Database) -> Self {
        let options = CollectionOptions::builder().write_concern(WriteConcern::majority()).build();
        Self { entries: database.collection_with_options("audit_log", options) }
    }

    /// Makes the indexes; repeatable.
    ///
    /// # Errors
    /// [`StoreError`] when the server cannot be reached or refuses.
    pub(crate) async fn ensure_indexes(&self) -> Result<(), StoreError> {
        let by_time = doc! { "at": -1, "_id": -1 };
        let by_field = INDEXED.map(|field| doc! { field: 1, "at": -1, "_id": -1 });
        let models = std::iter::once(by_time).chain(by_field);
        self.entries.create_indexes(models.map(|keys| IndexModel::builder().keys(keys).build())).await?;
        Ok(())
    }

    /// Writes an entry unless it is there; whether it is new.
    ///
    /// # Errors
    /// [`StoreError`]. After a timeout the entry may be there: a repeat is harmless.
    pub(crate) async fn insert(&self, entry: &Entry) -> Result<bool, StoreError> {
        let row = Row::from(entry);
        bounded(STORE, PATIENCE, async {
            match self.entries.insert_one(&row).await {
                Ok(_) => Ok(true),
                Err(error) if is_duplicate_key(&error) => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Writes those of the entries that are not there, and says which were, by their places in the slice.
    ///
    /// # Errors
    /// As [`Self::insert`]; some entries may be written then.
    pub(crate) async fn insert_all(&self, entries: &[Entry]) -> Result<Vec<usize>, StoreError> {
        let rows: Vec<Row> = entries.iter().map(Row::from).collect();
        bounded(STORE, PATIENCE, async {
            match self.entries.insert_many(&rows).ordered(false).await {
                Ok(_) => Ok(Vec::new()),
                Err(error) => duplicates(&error).ok_or(error),
            }
        })
        .await
    }

    /// The entry of an event.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn lookup(&self, id: EventId) -> Result<Option<Entry>, StoreError> {
        let found =
            bounded(STORE, PATIENCE, async { self.entries.find_one(doc! { "_id": id.to_string() }).await });
        Ok(found.await?.map(Entry::from))
    }

    /// One page of the entries that a filter lets through.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn list(
        &self,
        filter: &Filter,
        order: Order,
        table: TableQuery,
    ) -> Result<Vec<Entry>, StoreError> {
        let direction = match order {
            Order::NewestFirst => -1,
            Order::OldestFirst => 1,
        };
        let skipped = u64::try_from(table.offset()).unwrap_or_default();
        let rows: Vec<Row> = bounded(STORE, PATIENCE, async {
            let found = self.entries.find(condition(filter));
            let sorted = found.sort(doc! { "at": direction, "_id": direction });
            sorted.skip(skipped).limit(table.limit()).await?.try_collect().await
        })
        .await?;
        Ok(rows.into_iter().map(Entry::from).collect())
    }

    /// Up to `limit` entries of what a user did, behind `after`, the first one first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn list_of_actor(
        &self,
        user: UserId,
        after: Option<Position>,
        limit: i64,
    ) -> Result<Vec<Entry>, StoreError> {
        let rows: Vec<Row> = bounded(STORE, PATIENCE, async {
            let found = self.entries.find(done_by(user, after));
            found.sort(doc! { "at": 1, "_id": 1 }).limit(limit).await?.try_collect().await
        })
        .await?;
        Ok(rows.into_iter().map(Entry::from).collect())
    }

    /// How many entries a filter lets through; no more than `limit` are counted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn count(&self, filter: &Filter, limit: u32) -> Result<u64, StoreError> {
        bounded(STORE, PATIENCE, async {
            self.entries.count_documents(condition(filter)).limit(u64::from(limit)).await
        })
        .await
    }
}

fn condition(filter: &Filter) -> Document {
    let mut condition = Document::new();
    let mut equals = |field: &str, value: Option<String>| {
        if let Some(value) = value {
            condition.insert(field, value);
        }
    };
    equals("actor.user_id", filter.user_id.map(|id| id.to_string()));
    equals("action", filter.action.clone());
    equals("workspace_id", filter.workspace_id.map(|id| id.to_string()));
    equals("resource.id", filter.resource_id.clone());
    let mut range = Document::new();
    for (bound, moment) in [("$gte", filter.from), ("$lt", filter.to)] {
        if let Some(moment) = moment {
            range.insert(bound, BsonTime::from_millis(moment.as_millis()));
        }
    }
    if !range.is_empty() {
        condition.insert("at", range);
    }
    condition
}

/// The range of `at` is what the index is read by; the alternative passes over entries of one moment that were listed.
fn done_by(user: UserId, after: Option<Position>) -> Document {
    let mut condition = doc! { "actor.user_id": user.to_string() };
    if let Some(Position { at, id }) = after {
        let at = BsonTime::from_millis(at.as_millis());
        condition.insert("at", doc! { "$gte": at });
        let later = doc! { "at": { "$gt": at } };
        let of_that_moment = doc! { "_id": { "$gt": id.to_string() } };
        condition.insert("$or", vec![later, of_that_moment]);
    }
    condition
}

/// An entry as a document. What is not known is absent, never null.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    #[serde(rename = "_id")]
    id: EventId,
    at: BsonTime,
    action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    workspace_id: Option<WorkspaceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor: Option<ActorRow>,
    resource: ResourceRow,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<RequestId>,
    details: Map<String, Value>,
    topic: String,
    partition: i32,
    offset: i64,
}

/// The address is text: BSON would make a number list of it.
#[derive(Debug, Serialize, Deserialize)]
struct ActorRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session_id: Option<SessionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ResourceRow {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

impl From<&Entry> for Row {
    fn from(entry: &Entry) -> Self {
        let actor = entry.actor.as_ref().map(|actor| ActorRow {
            user_id: actor.user_id,
            session_id: actor.session_id,
            ip: actor.ip.map(|ip| ip.to_string()),
            user_agent: actor.user_agent.clone(),
        });
        Self {
            id: entry.id,
            at: BsonTime::from_millis(entry.at.as_millis()),
            action: entry.action.clone(),
            workspace_id: entry.workspace_id,
            actor,
            resource: ResourceRow { kind: entry.resource.kind.clone(), id: entry.resource.id.clone() },
            request_id: entry.request_id.clone(),
            details: entry.details.clone(),
            topic: entry.place.topic.clone().into_owned(),
            partition: entry.place.partition,
            offset: entry.place.offset,
        }
    }
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        let actor = row.actor.map(|actor| Actor {
            user_id: actor.user_id,
            session_id: actor.session_id,
            ip: actor.ip.and_then(|ip| ip.parse().ok()),
            user_agent: actor.user_agent,
        });
        Self {
            id: row.id,
            at: Timestamp::from_millis(row.at.timestamp_millis()),
            action: row.action,
            workspace_id: row.workspace_id,
            actor,
            resource: Resource { kind: row.resource.kind, id: row.resource.id },
            request_id: row.request_id,
            details: row.details,
            place: Place { topic: Cow::Owned(row.topic), partition: row.partition, offset: row.offset },
        }
    }
}
