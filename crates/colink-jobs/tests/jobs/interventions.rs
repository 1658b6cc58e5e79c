//! Purge.

use std::time::Duration;

use colink_core::clock::Clock;
use colink_jobs::{Enqueue, Job, JobFailure, JobRun, JobState, Retention, purge, purge_kind, status};
use colink_test::{SOON, eventually};
use serde::{Deserialize, Serialize};

use crate::harness::{Lab, Task, World};

/// A task of a kind whose done jobs leave nothing behind.
#[derive(Debug, Serialize, Deserialize)]
struct Discreet(Task);

impl Job for Discreet {
    const KIND: &'static str = "discreet";
    const KEEPS_DONE: bool = false;
    type State = Lab;

    async fn run(self, lab: &Lab, run: &JobRun) -> Result<(), JobFailure> {
        self.0.run(lab, run).await
    }
}

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

/// a kind that is not to be read later leaves no row when its work is done; what is dead of it goes by a rule of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_kind_can_leave_nothing_behind() {
    let world = World::new().await;
    let done = world.enqueue_with(&Discreet(Task::FailTimes(1)), Enqueue::now()).await.id();
    let dead = world.enqueue_with(&Discreet(Task::Refuse), Enqueue::now()).await.id();
    let other = world.enqueue(Task::Refuse).await;
    let replica = world.start_with(|runner| runner.on::<Discreet>().on::<Task>());
    world.until(done, JobState::Waiting, 1).await;
    world.until(dead, JobState::Dead, 1).await;
    world.until(other, JobState::Dead, 1).await;
    world.advance(5);
    eventually("the row is gone", SOON, async || {
        status(&world.pool, done).await.unwrap().is_none().then_some(())
    })
    .await;
    assert_eq!(world.lab.runs_of(done).len(), 2);
    replica.stop().await;
    let ended = world.status(dead).await.finished_at.unwrap().as_datetime();
    assert_eq!(purge_kind(&world.pool, "discreet", ended).await.unwrap(), 0);
    assert_eq!(purge_kind(&world.pool, "discreet", world.clock.now()).await.unwrap(), 1);
    assert!(status(&world.pool, other).await.unwrap().is_some());
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
