//! Keys in MongoDB, one document a key. Only operations on one document are used, and no TTL index: not
//! every server that speaks the protocol has more.

use async_trait::async_trait;
use bson::spec::BinarySubtype;
use bson::{Binary, DateTime as BsonTime, doc};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use colink_store::StoreError;
use colink_store::mongo::is_duplicate_key;
use mongodb::{Collection, Database, IndexModel};
use serde::{Deserialize, Serialize};

use super::{Claim, Claimed, IdempotencyStore, StoredAnswer};

/// Keys in the collection `idempotency_keys` of the service's own database.
#[derive(Debug, Clone)]
pub struct MongoIdempotency {
    keys: Collection<Document>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Document {
    /// The caller, a blank (which neither part of a key has), the key.
    #[serde(rename = "_id")]
    id: String,
    fingerprint: Binary,
    claim: String,
    claimed_until: BsonTime,
    expires_at: BsonTime,
    answer: Option<AnswerDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
struct AnswerDocument {
    status: i32,
    headers: Vec<(String, String)>,
    body: Binary,
}

impl MongoIdempotency {
    /// Keys in `database`.
    pub fn new(database: &Database) -> Self {
        Self { keys: database.collection("idempotency_keys") }
    }

    /// Makes the index that [`IdempotencyStore::purge`] walks.
    ///
    /// # Errors
    /// [`StoreError`] when the server cannot be reached or refuses.
    pub async fn ensure_indexes(&self) -> Result<(), StoreError> {
        self.keys.create_index(IndexModel::builder().keys(doc! { "expires_at": 1 }).build()).await?;
        Ok(())
    }

    async fn take_over(&self, claim: &Claim) -> Result<bool, StoreError> {
        let now = BsonTime::from_chrono(claim.now);
        let filter = doc! {
            "_id": id(claim),
            "$or": [
                { "expires_at": { "$lte": now } },
                { "answer": null, "claimed_until": { "$lte": now }, "fingerprint": binary(&claim.fingerprint) },
            ],
        };
        let update = doc! { "$set": {
            "fingerprint": binary(&claim.fingerprint),
            "claim": claim.id.to_string(),
            "claimed_until": BsonTime::from_chrono(claim.claimed_until),
            "expires_at": BsonTime::from_chrono(claim.expires_at),
            "answer": null,
        } };
        Ok(self.keys.update_one(filter, update).await?.matched_count == 1)
    }
}

#[async_trait]
impl IdempotencyStore for MongoIdempotency {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let fresh = Document {
            id: id(claim),
            fingerprint: binary(&claim.fingerprint),
            claim: claim.id.to_string(),
            claimed_until: BsonTime::from_chrono(claim.claimed_until),
            expires_at: BsonTime::from_chrono(claim.expires_at),
            answer: None,
        };
        match self.keys.insert_one(&fresh).await {
            Ok(_) => return Ok(Claimed::Mine),
            Err(error) if is_duplicate_key(&error) => {}
            Err(error) => return Err(error.into()),
        }
        if self.take_over(claim).await? {
            return Ok(Claimed::Mine);
        }
        Ok(match self.keys.find_one(doc! { "_id": id(claim) }).await? {
            Some(Document { fingerprint, answer: Some(answer), .. }) => {
                Claimed::Done { fingerprint: fingerprint.bytes, answer: answer.into() }
            }
            Some(running) => Claimed::Running { fingerprint: running.fingerprint.bytes },
            // It was released between the two calls: the next look claims it.
            None => Claimed::Running { fingerprint: claim.fingerprint.clone() },
        })
    }

    async fn complete(&self, claim: &Claim, answer: &StoredAnswer) -> Result<(), StoreError> {
        let headers: Vec<_> =
            answer.headers.iter().map(|(name, value)| vec![name.as_str(), value.as_str()]).collect();
        let answer = doc! {
            "status": i32::from(answer.status),
            "headers": headers,
            "body": binary(&answer.body),
        };
        let mine = doc! { "_id": id(claim), "claim": claim.id.to_string() };
        self.keys.update_one(mine, doc! { "$set": { "answer": answer } }).await?;
        Ok(())
    }

    async fn release(&self, claim: &Claim, _refused: bool) -> Result<(), StoreError> {
        self.keys.delete_one(doc! { "_id": id(claim), "claim": claim.id.to_string() }).await?;
        Ok(())
    }

    async fn purge(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let expired = doc! { "expires_at": { "$lte": BsonTime::from_chrono(now) } };
        Ok(self.keys.delete_many(expired).await?.deleted_count)
    }
}

impl From<AnswerDocument> for StoredAnswer {
    fn from(answer: AnswerDocument) -> Self {
        Self {
            status: u16::try_from(answer.status).unwrap_or(500),
            headers: answer.headers,
            body: Bytes::from(answer.body.bytes),
        }
    }
}

fn id(claim: &Claim) -> String {
    format!("{} {}", claim.caller, claim.key)
}

fn binary(bytes: &[u8]) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() }
}
