//! Deleting rows of which there may be any number.

use sqlx::{AssertSqlSafe, Encode, PgPool, Postgres, Type};

/// Rows of one statement: it takes a fraction of the time that a statement has, and what it deleted stays deleted.
const BATCH: u64 = 1000;

/// Deletes the rows for which `condition` holds, whose `$1` is `bound`, one statement after the other, and says how many. A row
/// that is changed in that moment stays for the next time. The names are of this program, so they may stand in the text.
pub(super) async fn delete<T>(
    pool: &PgPool,
    table: &'static str,
    condition: &'static str,
    bound: T,
) -> sqlx::Result<u64>
where
    T: for<'a> Encode<'a, Postgres> + Type<Postgres> + Copy + Send,
{
    let statement = format!(
        "delete from {table} where ctid = any (array(select ctid from {table} where {condition} limit {BATCH}))"
    );
    let mut rows = 0;
    loop {
        let batch = sqlx::query(AssertSqlSafe(statement.clone())).bind(bound);
        let deleted = batch.execute(pool).await?.rows_affected();
        rows += deleted;
        if deleted < BATCH {
            return Ok(rows);
        }
    }
}
