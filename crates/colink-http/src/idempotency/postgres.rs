//! Keys in Postgres, in the table of [`SCHEMA`].

use std::io::{self, ErrorKind};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use colink_store::StoreError;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

use super::{ATTEMPT, Claim, Claimed, IdempotencyStore, StoredAnswer};

/// The table, to be copied word for word into a migration of the service.
pub const SCHEMA: &str = include_str!("schema.sql");

/// Rows deleted by one statement of a purge, so that it holds no lock for long.
const PURGE_BATCH: i64 = 1000;

/// Keys in the service's own database.
#[derive(Debug, Clone)]
pub struct PostgresIdempotency {
    pool: PgPool,
}

type Row = (Vec<u8>, Option<i16>, Option<Json<Vec<(String, String)>>>, Option<Vec<u8>>, bool);

/// Writes into the transaction of an effect that the keyed request behind it is done, so that neither the death of the process
/// before the answer is kept nor an attempt that took over meanwhile does it twice. For the commit that all changes of a
/// service go through; without a key it does nothing. The work of a request must not have left its task.
///
/// # Errors
/// Another attempt has taken the key over, told as a store that is not available; failures of the store. Nothing may be
/// committed then.
pub async fn mark_done(connection: &mut PgConnection) -> sqlx::Result<()> {
    let Ok(claim) = ATTEMPT.try_with(Claim::clone) else { return Ok(()) };
    let marked =
        sqlx::query("UPDATE idempotency_keys SET done = true WHERE caller = $1 AND key = $2 AND claim = $3");
    let marked = marked.bind(&claim.caller).bind(&claim.key).bind(claim.id).execute(&mut *connection).await?;
    if marked.rows_affected() == 1 {
        return Ok(());
    }
    // Whoever erases his account deletes his keys in the same transaction.
    let taken: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM idempotency_keys WHERE caller = $1 AND key = $2)")
            .bind(&claim.caller)
            .bind(&claim.key)
            .fetch_one(connection)
            .await?;
    if taken {
        Err(io::Error::new(ErrorKind::TimedOut, "another attempt has the key").into())
    } else {
        Ok(())
    }
}

impl PostgresIdempotency {
    /// Keys in the table `idempotency_keys` of `pool`.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    async fn find(&self, claim: &Claim) -> Result<Option<Row>, StoreError> {
        let found = sqlx::query_as(
            "SELECT fingerprint, status, headers, body, done AND claimed_until <= $3
               FROM idempotency_keys WHERE caller = $1 AND key = $2",
        );
        let found = found.bind(&claim.caller).bind(&claim.key).bind(claim.now).fetch_optional(&self.pool);
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
                    status = NULL, headers = NULL, body = NULL, done = false
              WHERE kept.expires_at <= $7
                 OR (kept.status IS NULL AND NOT kept.done AND kept.claimed_until <= $7
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
            Some((fingerprint, Some(status), headers, body, _)) => Claimed::Done {
                fingerprint,
                answer: StoredAnswer {
                    status: u16::try_from(status).unwrap_or(500),
                    headers: headers.map_or_else(Vec::new, |headers| headers.0),
                    body: Bytes::from(body.unwrap_or_default()),
                },
            },
            Some((fingerprint, None, .., true)) => Claimed::Lost { fingerprint },
            Some((fingerprint, None, .., false)) => Claimed::Running { fingerprint },
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

    async fn release(&self, claim: &Claim, refused: bool) -> Result<(), StoreError> {
        let freed = sqlx::query(
            "DELETE FROM idempotency_keys
              WHERE caller = $1 AND key = $2 AND claim = $3 AND ($4 OR NOT done)",
        );
        freed.bind(&claim.caller).bind(&claim.key).bind(claim.id).bind(refused).execute(&self.pool).await?;
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
