//! What tables of tokens have in common: a row is found by the hash of what somebody else holds, belongs to a user, and ends
//! by itself.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use super::batches;
use crate::domain::opaque_token::TokenHash;

/// Such a table. Its names are of this program, so they may stand in the text of queries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tokens {
    pub(super) table: &'static str,
    /// The column of the hash.
    pub(super) hash: &'static str,
}

impl Tokens {
    /// The user that a living token is for.
    pub(crate) async fn find_user(
        self,
        executor: impl PgExecutor<'_>,
        hash: TokenHash,
        now: DateTime<Utc>,
    ) -> sqlx::Result<Option<UserId>> {
        let Self { table, hash: column } = self;
        let query = format!("select user_id from {table} where {column} = $1 and expires_at > $2");
        let user_id: Option<Uuid> = sqlx::query_scalar(AssertSqlSafe(query))
            .bind(hash.as_bytes())
            .bind(now)
            .fetch_optional(executor)
            .await?;
        Ok(user_id.map(UserId::from_uuid))
    }

    /// Takes the user's tokens away, used or not.
    pub(crate) async fn delete_of_user(
        self,
        connection: &mut PgConnection,
        user_id: UserId,
    ) -> sqlx::Result<()> {
        let query = format!("delete from {} where user_id = $1", self.table);
        sqlx::query(AssertSqlSafe(query)).bind(user_id.as_uuid()).execute(connection).await.map(drop)
    }

    /// Deletes what nobody can use any more, and says how many.
    pub(crate) async fn delete_expired(self, pool: &PgPool, now: DateTime<Utc>) -> sqlx::Result<u64> {
        batches::delete(pool, self.table, "expires_at <= $1", now).await
    }
}
