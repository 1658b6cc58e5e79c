//! The columns whose values are sealed, and how old envelopes are found.

use sqlx::{AssertSqlSafe, PgConnection, PgExecutor};

use super::{signing_keys, totp_secrets};

/// Every sealed column: whoever seals a value names its column here, so that a change of the key reaches it.
pub(crate) const ALL: &[SealedColumn] = &[signing_keys::SEALED, totp_secrets::SEALED];

/// A column of envelopes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SealedColumn {
    /// The table.
    pub(crate) table: &'static str,
    /// Its primary key.
    pub(crate) key: &'static str,
    /// The column, `bytea`.
    pub(crate) column: &'static str,
}

impl SealedColumn {
    /// What the envelope of this row is sealed for.
    pub(crate) fn context(&self, key: impl std::fmt::Display) -> String {
        format!("{}.{}/{key}", self.table, self.column)
    }
}

/// Envelopes that do not begin with `head`, with the keys of their rows; the rows are locked, and rows that others hold
/// are passed over.
pub(crate) async fn lock_outdated(
    connection: &mut PgConnection,
    of: &SealedColumn,
    head: &[u8],
    limit: i64,
) -> sqlx::Result<Vec<(String, Vec<u8>)>> {
    let SealedColumn { table, key, column } = of;
    // Names of our own, not of a request.
    let query = AssertSqlSafe(format!(
        "select {key}::text, {column} from {table}
          where {column} is not null and substring({column} from 1 for $1) <> $2
          limit $3 for update skip locked"
    ));
    let length = i32::try_from(head.len()).unwrap_or(i32::MAX);
    sqlx::query_as(query).bind(length).bind(head).bind(limit).fetch_all(connection).await
}

/// Replaces an envelope.
pub(crate) async fn update(
    connection: &mut PgConnection,
    of: &SealedColumn,
    row: &str,
    sealed: &[u8],
) -> sqlx::Result<()> {
    let SealedColumn { table, key, column } = of;
    let query = AssertSqlSafe(format!("update {table} set {column} = $2 where {key}::text = $1"));
    sqlx::query(query).bind(row).bind(sealed).execute(connection).await.map(drop)
}

/// How many envelopes do not begin with `head`.
pub(crate) async fn count_outdated(
    executor: impl PgExecutor<'_>,
    of: &SealedColumn,
    head: &[u8],
) -> sqlx::Result<i64> {
    let SealedColumn { table, column, .. } = of;
    let query = AssertSqlSafe(format!(
        "select count(*) from {table} where {column} is not null and substring({column} from 1 for $1) <> $2"
    ));
    let length = i32::try_from(head.len()).unwrap_or(i32::MAX);
    sqlx::query_scalar(query).bind(length).bind(head).fetch_one(executor).await
}
