//! What a test must not leave behind: events that never reached the broker, and data in shared stores.

use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use crate::database::{TestDatabase, kept_events};
use crate::environment::Environment;

const STEP: Duration = Duration::from_millis(20);

/// Waits until the outbox is empty, if a running service is to empty it; what is left after `drain`, in words. And every event
/// that was put in it.
pub(crate) async fn of(database: &TestDatabase, drain: Option<Duration>) -> (Option<String>, Vec<String>) {
    let pool = database.pool();
    let left = match drain {
        Some(drain) => wait_for_outbox(&pool, drain).await,
        None => None,
    };
    let events = kept_events(&pool).await;
    pool.close().await;
    (left, events)
}

async fn wait_for_outbox(pool: &PgPool, deadline: Duration) -> Option<String> {
    let there: bool = sqlx::query_scalar("SELECT to_regclass('outbox') IS NOT NULL")
        .fetch_one(pool)
        .await
        .expect("the service's database");
    if !there {
        return None;
    }
    let end = Instant::now() + deadline;
    loop {
        let drained = colink_bus::outbox::drained(pool).await;
        if drained.expect("the outbox") {
            return None;
        }
        if Instant::now() > end {
            return Some(describe(pool, deadline).await);
        }
        sleep(STEP).await;
    }
}

async fn describe(pool: &PgPool, deadline: Duration) -> String {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT type, count(*) FROM outbox GROUP BY type ORDER BY type")
            .fetch_all(pool)
            .await
            .expect("the outbox");
    format!("events were left in the outbox for {deadline:?}: {rows:?}")
}

/// Removes the database, the keys below a Redis prefix, a Mongo database. Best effort: the next run sweeps.
pub(crate) async fn remove(database: Option<TestDatabase>, redis: Option<String>, mongo: Option<String>) {
    if let Some(database) = database {
        database.drop_later();
    }
    if let Some(prefix) = redis {
        let removed = remove_keys(&format!("{prefix}:*")).await;
        removed.unwrap_or_else(|error| tracing::warn!("keys of {prefix} stay: {error}"));
    }
    if let Some(name) = mongo {
        let removed = drop_mongo(&name).await;
        removed.unwrap_or_else(|error| tracing::warn!("Mongo database {name} stays: {error}"));
    }
}

async fn remove_keys(pattern: &str) -> redis::RedisResult<()> {
    let client = redis::Client::open(Environment::get().redis())?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let mut cursor = 0_u64;
    loop {
        let (next, keys): (u64, Vec<String>) = redis::cmd("SCAN")
            .arg(cursor)
            .arg("MATCH")
            .arg(pattern)
            .arg("COUNT")
            .arg(1000)
            .query_async(&mut connection)
            .await?;
        if !keys.is_empty() {
            redis::cmd("UNLINK").arg(keys).exec_async(&mut connection).await?;
        }
        cursor = next;
        if cursor == 0 {
            return Ok(());
        }
    }
}

async fn drop_mongo(name: &str) -> mongodb::error::Result<()> {
    let client = mongodb::Client::with_uri_str(Environment::get().mongo()).await?;
    client.database(name).drop().await
}
