use chrono::Utc;
use colink_core::clock::{Clock, SystemClock};
use colink_test::TestDatabase;

use super::*;
use crate::store::log::fixture;

/// A channel whose log has `old` rows of nine days ago, published up to `published`, and two of today.
async fn log(pool: &PgPool, old: i64, published: i64) -> Uuid {
    let mut ages = vec![9; usize::try_from(old).unwrap()];
    ages.extend([0, 0]);
    fixture::log(pool, published, &ages).await
}

async fn run_once(pool: &PgPool, cancel: &CancellationToken) -> u64 {
    let mut dropped = 0;
    let week_ago: DateTime<Utc> = SystemClock.now() - chrono::Duration::days(7);
    trim(pool, week_ago, cancel, &mut dropped).await.unwrap();
    dropped
}

/// M-10: one run drops all that is overdue, however much more it is than a statement takes, in whatever channel.
#[actix_web::test]
async fn a_run_drops_all_that_is_overdue() {
    let database = TestDatabase::create("messaging", &crate::MIGRATOR).await;
    let pool = database.pool();
    let (long, held) = (log(&pool, ROWS * 2 + 500, ROWS * 2 + 502).await, log(&pool, 6_000, 5_400).await);
    for _ in 0..CHANNELS + 20 {
        log(&pool, 30, 32).await;
    }
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    assert_eq!(run_once(&pool, &cancelled).await, 0, "a process that stops begins nothing");

    let overdue = ROWS * 2 + 500 + 5_400 + (CHANNELS + 20) * 30;
    let cancel = CancellationToken::new();
    assert_eq!(run_once(&pool, &cancel).await, u64::try_from(overdue).unwrap());
    let logs: Vec<(Uuid, i64, i64)> = sqlx::query_as(
        "select channel_id, min(seq), max(seq) - min(seq) + 1 - count(*) from channel_events group by 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(logs.len(), usize::try_from(CHANNELS).unwrap() + 22);
    for (channel, first, missing) in logs {
        let expected = match channel {
            channel if channel == long => ROWS * 2 + 501,
            channel if channel == held => 5_401,
            _ => 31,
        };
        assert_eq!((first, missing), (expected, 0), "{channel}");
    }
    assert_eq!(run_once(&pool, &cancel).await, 0);
    database.drop_now().await;
}
