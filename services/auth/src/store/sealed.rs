//! The columns whose values are sealed, and how envelopes of older keys are found.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::{oidc_providers, signing_keys, totp_secrets};

/// Every sealed column: whoever seals a value names its column here, so that a change of the key reaches it, and gives it an
/// index on `sealing_key(column)`.
pub(crate) const ALL: &[SealedColumn] = &[signing_keys::SEALED, oidc_providers::SEALED, totp_secrets::SEALED];

/// A column of envelopes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SealedColumn {
    /// The table.
    pub(crate) table: &'static str,
    /// Its primary key.
    pub(crate) key: &'static str,
    /// The type of that.
    pub(crate) key_type: &'static str,
    /// The column, `bytea`.
    pub(crate) column: &'static str,
}

impl SealedColumn {
    /// What the envelope of this row is sealed for.
    pub(crate) fn context(&self, key: impl std::fmt::Display) -> String {
        format!("{}.{}/{key}", self.table, self.column)
    }
}

/// Envelopes that another key than `current` sealed, with the keys of their rows, but none of the rows `without`. The rows are
/// locked, and rows that others hold are passed over.
pub(crate) async fn lock_outdated(
    connection: &mut PgConnection,
    of: &SealedColumn,
    current: &str,
    without: &[String],
    limit: i64,
) -> sqlx::Result<Vec<(String, Vec<u8>)>> {
    let SealedColumn { table, key, column, .. } = of;
    // Names of our own, not of a request. Two ranges, because an index does not answer `<>`.
    let query = AssertSqlSafe(format!(
        "select {key}::text, {column} from {table}
          where (sealing_key({column}) < $1 or sealing_key({column}) > $1) and {key}::text <> all ($2)
          limit $3 for update skip locked"
    ));
    sqlx::query_as(query).bind(current.as_bytes()).bind(without).bind(limit).fetch_all(connection).await
}

/// Replaces an envelope.
pub(crate) async fn update(
    connection: &mut PgConnection,
    of: &SealedColumn,
    row: &str,
    sealed: &[u8],
) -> sqlx::Result<()> {
    let SealedColumn { table, key, key_type, column } = of;
    // The value is cast and not the column, whose index would be of no use then.
    let query = AssertSqlSafe(format!("update {table} set {column} = $2 where {key} = $1::text::{key_type}"));
    sqlx::query(query).bind(row).bind(sealed).execute(connection).await.map(drop)
}

/// How many envelopes another key than `current` sealed.
pub(crate) async fn count_outdated(pool: &PgPool, current: &str) -> sqlx::Result<i64> {
    let mut rows = 0;
    for SealedColumn { table, column, .. } in ALL {
        let query = AssertSqlSafe(format!(
            "select count(*) from {table} where sealing_key({column}) < $1 or sealing_key({column}) > $1"
        ));
        let found: i64 = sqlx::query_scalar(query).bind(current.as_bytes()).fetch_one(pool).await?;
        rows += found;
    }
    Ok(rows)
}

/// How many envelopes each key has sealed; reads all of them.
pub(crate) async fn count_by_key(pool: &PgPool) -> sqlx::Result<BTreeMap<String, i64>> {
    let mut keys = BTreeMap::new();
    for SealedColumn { table, column, .. } in ALL {
        let query = AssertSqlSafe(format!(
            "select sealing_key({column}), count(*) from {table} where {column} is not null group by 1"
        ));
        let found: Vec<(Vec<u8>, i64)> = sqlx::query_as(query).fetch_all(pool).await?;
        for (key, rows) in found {
            *keys.entry(String::from_utf8_lossy(&key).into_owned()).or_default() += rows;
        }
    }
    Ok(keys)
}
