//! Keys in Postgres, in the table of [`SCHEMA`].

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use colink_store::StoreError;
use sqlx::PgPool;
use sqlx::types::Json;

use super::{Claim, Claimed, IdempotencyStore, StoredAnswer};

/// The table, to be copied word for word into a migration of the service.
pub const SCHEMA: &str = include_str!("schema.sql");

/// Rows deleted by one statement of a purge, so that it holds no lock for long.
const PURGE_BATCH: i64 = 1000;

/// Keys in the service's own database.
#[derive(Debug, Clone)]
pub struct PostgresIdempotency {
    pool: PgPool,
}

type Row = (Vec<u8>, Option<i16>, Option<Json<Vec<(String, String)>>>, Option<Vec<u8>>);

impl PostgresIdempotency {
    /// Keys in the table `idempotency_keys` of `pool`.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    async fn find(&self, claim: &Claim) -> Result<Option<Row>, StoreError> {
        let found = sqlx::query_as(
            "SELECT fingerprint, status, headers, body FROM idempotency_keys WHERE caller = $1 AND key = $2",
        );
        let found = found.bind(&claim.caller).bind(&claim.key).fetch_optional(&self.pool);
        Ok(found.await?)
    }
}

#[async_trait]
impl IdempotencyStore for PostgresIdempotency {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let claimed = sqlx::query(
            "INSERT INTO idempotency_keys AS kept (caller, key, fingerprint, claim, claimed_until, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (caller, key) DO UPDATE
                SET fingerprint = EXCLUDED.fingerprint, claim = EXCLUDED.claim,
                    claimed_until = EXCLUDED.claimed_until, expires_at = EXCLUDED.expires_at,
                    status = NULL, headers = NULL, body = NULL
              WHERE kept.expires_at <= $7
                 OR (kept.status IS NULL AND kept.claimed_until <= $7
                     AND kept.fingerprint = EXCLUDED.fingerprint)",
        )
        .bind(&claim.caller)
        .bind(&claim.key)
        .bind(&claim.fingerprint)
        .bind(claim.id)
        .bind(claim.claimed_until)
        .bind(claim.expires_at)
        .bind(claim.now)
        .execute(&self.pool)
        .await?;
        if claimed.rows_affected() == 1 {
            return Ok(Claimed::Mine);
        }
        Ok(match self.find(claim).await? {
            Some((fingerprint, Some(status), headers, body)) => Claimed::Done {
                fingerprint,
                answer: StoredAnswer {
                    status: u16::try_from(status).unwrap_or(500),
                    headers: headers.map_or_else(Vec::new, |headers| headers.0),
                    body: Bytes::from(body.unwrap_or_default()),
                },
            },
            Some((fingerprint, None, ..)) => Claimed::Running { fingerprint },
            // It was released between the two statements: the next look claims it.
            None => Claimed::Running { fingerprint: claim.fingerprint.clone() },
        })
    }

    async fn complete(&self, claim: &Claim, answer: &StoredAnswer) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE idempotency_keys SET status = $4, headers = $5, body = $6
              WHERE caller = $1 AND key = $2 AND claim = $3",
        )
        .bind(&claim.caller)
        .bind(&claim.key)
        .bind(claim.id)
        .bind(i16::try_from(answer.status).unwrap_or(500))
        .bind(Json(&answer.headers))
        .bind(answer.body.as_ref())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM idempotency_keys WHERE caller = $1 AND key = $2 AND claim = $3")
            .bind(&claim.caller)
            .bind(&claim.key)
            .bind(claim.id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn purge(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let batch = sqlx::query(
                "DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
                    SELECT ctid FROM idempotency_keys WHERE expires_at <= $1 LIMIT $2))",
            );
            let deleted = batch.bind(now).bind(PURGE_BATCH).execute(&self.pool).await?.rows_affected();
            purged += deleted;
            if deleted < PURGE_BATCH as u64 {
                return Ok(purged);
            }
        }
    }
}
