use chrono::Duration;
use colink_core::clock::{Clock, SystemClock};
use colink_test::TestDatabase;
use sqlx::AssertSqlSafe;

use super::*;
use crate::store::log::fixture::log;

async fn left(pool: &PgPool, channel: Uuid) -> Vec<i64> {
    sqlx::query_scalar("select seq from channel_events where channel_id = $1 order by seq")
        .bind(channel)
        .fetch_all(pool)
        .await
        .unwrap()
}

fn week_ago() -> DateTime<Utc> {
    SystemClock.now() - Duration::days(7)
}

/// M-10: a beginning goes and never a middle, at most so many rows of each channel, and nothing that is not published.
#[actix_web::test]
async fn a_statement_drops_its_share_of_a_beginning() {
    let database = TestDatabase::create("messaging", &crate::MIGRATOR).await;
    let pool = database.pool();
    let long = log(&pool, 5, &[9; 5]).await;
    let mixed = log(&pool, 4, &[9, 1, 9, 1]).await;
    let unpublished = log(&pool, 1, &[9, 9, 9]).await;
    let recent = log(&pool, 2, &[1, 9]).await;
    let waiting = log(&pool, 0, &[9]).await;

    let page = list_overdue(&pool, Uuid::nil(), week_ago(), 5).await.unwrap();
    let mut begun = [long, mixed, unpublished].map(|channel_id| Overdue { channel_id, from_seq: 1 });
    begun.sort_unstable_by_key(|overdue| overdue.channel_id);
    let last = [long, mixed, unpublished, recent, waiting].into_iter().max().unwrap();
    assert_eq!((page.overdue.as_slice(), page.next), (begun.as_slice(), Some(last)));
    let end = list_overdue(&pool, last, week_ago(), 5).await.unwrap();
    assert_eq!(end, Page { overdue: Vec::new(), next: None });

    let step = delete_overdue(&pool, &page.overdue, week_ago(), 2).await.unwrap();
    assert_eq!(step, Dropped { rows: 4, rest: vec![Overdue { channel_id: long, from_seq: 3 }] });
    let step = delete_overdue(&pool, &step.rest, week_ago(), 3).await.unwrap();
    let rest = vec![Overdue { channel_id: long, from_seq: 6 }];
    assert_eq!(step, Dropped { rows: 3, rest: rest.clone() });
    let step = delete_overdue(&pool, &rest, week_ago(), 3).await.unwrap();
    assert_eq!(step, Dropped { rows: 0, rest: Vec::new() });

    assert_eq!(left(&pool, long).await, [0; 0]);
    assert_eq!(left(&pool, mixed).await, [2, 3, 4]);
    assert_eq!(left(&pool, unpublished).await, [2, 3]);
    assert_eq!((left(&pool, recent).await, left(&pool, waiting).await), (vec![1, 2], vec![1]));
    database.drop_now().await;
}

/// M-10: what a statement touches is found by the key, and is as much as it may drop, however long the log is.
#[actix_web::test]
async fn a_statement_touches_what_it_drops() {
    let database = TestDatabase::create("messaging", &crate::MIGRATOR).await;
    let pool = database.pool();
    let mut channels = Vec::new();
    for _ in 0..10 {
        channels.push(log(&pool, 10_000, &[9; 10_000]).await);
    }
    sqlx::query("analyze").execute(&pool).await.unwrap();
    let explain = format!("explain (analyze, costs off, timing off, summary off) {DELETE}");
    let query = sqlx::query_scalar::<_, String>(AssertSqlSafe(explain))
        .bind(&channels[..2])
        .bind(vec![2_001_i64, 4_001])
        .bind(week_ago())
        .bind(500_i64);
    let plan = query.fetch_all(&pool).await.unwrap().join("\n");
    assert!(!plan.contains("Seq Scan on channel_events"), "{plan}");
    assert!(plan.contains("channel_events_pkey on channel_events e (actual rows=500"), "{plan}");
    let explain = format!("explain (analyze, costs off, timing off, summary off) {OVERDUE}");
    let query = sqlx::query_scalar::<_, String>(AssertSqlSafe(explain))
        .bind(Uuid::nil())
        .bind(week_ago())
        .bind(200_i64);
    let plan = query.fetch_all(&pool).await.unwrap().join("\n");
    assert!(!plan.contains("Seq Scan on channel_events"), "{plan}");
    database.drop_now().await;
}
