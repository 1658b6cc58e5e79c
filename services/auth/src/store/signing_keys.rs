//! Signing keys.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, PgExecutor};

use super::sealed::SealedColumn;

/// The private halves.
pub(crate) const SEALED: SealedColumn =
    SealedColumn { table: "signing_keys", key: "kid", key_type: "text", column: "sealed_seed" };

/// The advisory lock under which keys are made.
const ROTATION_LOCK: i64 = 0x434c_4b45_5953;

/// A key as it is stored. `Debug` does not show the private half.
#[derive(Clone, FromRow)]
pub(crate) struct StoredKey {
    pub(crate) kid: String,
    /// The Ed25519 seed, sealed for [`SEALED`].
    pub(crate) sealed_seed: Vec<u8>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) activates_at: DateTime<Utc>,
    /// Until when it is published, if there is a newer one.
    pub(crate) retires_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Keeps every other replica from rotating until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock($1)").bind(ROTATION_LOCK).execute(connection).await.map(drop)
}

/// The keys that are published at `now`, newest first.
pub(crate) async fn list(executor: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<Vec<StoredKey>> {
    sqlx::query_as(
        "select kid, sealed_seed, created_at, activates_at, retires_at
           from signing_keys
          where retires_at is null or retires_at > $1
          order by activates_at desc, kid desc",
    )
    .bind(now)
    .fetch_all(executor)
    .await
}

/// Adds a key; those before it are published until `others_retire_at`.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    key: &StoredKey,
    others_retire_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update signing_keys set retires_at = $1 where retires_at is null")
        .bind(others_retire_at)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "insert into signing_keys (kid, alg, sealed_seed, created_at, activates_at)
         values ($1, 'EdDSA', $2, $3, $4)",
    )
    .bind(&key.kid)
    .bind(&key.sealed_seed)
    .bind(key.created_at)
    .bind(key.activates_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes the keys that are not published any more, and says how many.
pub(crate) async fn delete_retired(executor: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let deleted =
        sqlx::query("delete from signing_keys where retires_at <= $1").bind(now).execute(executor).await?;
    Ok(deleted.rows_affected())
}
