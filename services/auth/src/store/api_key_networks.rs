//! From which networks API keys were used of late.

use chrono::NaiveDate;
use colink_core::id::ApiKeyId;
use sqlx::{PgConnection, PgPool};

use super::batches;

/// Notes a use; whether the network is new to the key.
pub(crate) async fn upsert(
    connection: &mut PgConnection,
    api_key_id: ApiKeyId,
    network: &str,
    today: NaiveDate,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "insert into api_key_networks (api_key_id, network, last_used_on) values ($1, $2, $3)
         on conflict (api_key_id, network)
         do update set last_used_on = greatest(api_key_networks.last_used_on, excluded.last_used_on)
         returning xmax = 0",
    )
    .bind(api_key_id.as_uuid())
    .bind(network)
    .bind(today)
    .fetch_one(connection)
    .await
}

/// Forgets networks that were last used before `before`, and says how many.
pub(crate) async fn delete_unused(pool: &PgPool, before: NaiveDate) -> sqlx::Result<u64> {
    batches::delete(pool, "api_key_networks", "last_used_on < $1", before).await
}
