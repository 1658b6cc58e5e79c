//! Purge.

use std::time::Duration;

use colink_core::clock::Clock;
use colink_jobs::{JobState, Retention, purge, status};

use crate::harness::{Task, World};

/// what has ended goes after its time, what lives stays.
#[tokio::test(flavor = "multi_thread")]
async fn finished_and_dead_jobs_are_purged_after_their_time() {
    let world = World::new().await;
    let done = world.enqueue(Task::Succeed).await;
    let dead = world.enqueue(Task::Refuse).await;
    let replica = world.start();
    world.until(done, JobState::Done, 1).await;
    world.until(dead, JobState::Dead, 1).await;
    replica.stop().await;
    let waiting = world.enqueue(Task::Succeed).await;

    let day = Duration::from_secs(86_400);
    let retention = Retention { done: day, dead: 3 * day };
    let left = async |deleted: u64, ids: &[colink_core::id::JobId]| {
        assert_eq!(purge(&world.pool, world.clock.now(), retention).await.unwrap(), deleted);
        for id in ids {
            assert!(status(&world.pool, *id).await.unwrap().is_some());
        }
        assert_eq!(world.count("select count(*) from jobs").await, i64::try_from(ids.len()).unwrap());
    };
    world.clock.advance(day);
    left(0, &[done, dead, waiting]).await;
    world.advance(1);
    left(1, &[dead, waiting]).await;
    world.clock.advance(2 * day);
    left(1, &[waiting]).await;
    world.clock.advance(365 * day);
    left(0, &[waiting]).await;
    world.end().await;
}

/// many rows go in batches.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_takes_all_batches() {
    let world = World::new().await;
    sqlx::query(
        "insert into jobs (id, kind, payload, cause, state, max_attempts, due_at, created_at, finished_at)
         select gen_random_uuid(), 'task', '{}', '{}', 'done', 1, $1, $1, $1 from generate_series(1, 2500)",
    )
    .bind(world.clock.now())
    .execute(&world.pool)
    .await
    .unwrap();
    world.advance(2 * 86_400);
    assert_eq!(purge(&world.pool, world.clock.now(), Retention::default()).await.unwrap(), 2500);
    world.end().await;
}
