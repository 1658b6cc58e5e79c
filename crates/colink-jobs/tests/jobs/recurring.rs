//! Recurring jobs: one replica a turn, over crashes, and without end.

use std::time::Duration;

use colink_jobs::{JobState, Runner};
use colink_test::{SOON, eventually};
use sqlx::types::Uuid;

use crate::harness::{Lab, Replica, Sweep, World};

const HOUR: Duration = Duration::from_secs(3600);

fn hourly(runner: Runner<Lab>) -> Runner<Lab> {
    runner.every::<Sweep>(HOUR)
}

/// Waits until the one row waits for its next turn after `runs` runs.
async fn rested(world: &World, runs: usize) {
    world.until_runs(runs).await;
    eventually("it rests", SOON, async || {
        let resting =
            "select count(*) from jobs where state = 'waiting' and attempts = 0 and finished_at is not null";
        (world.count(resting).await == 1).then_some(())
    })
    .await;
    assert_eq!(world.lab.runs(), runs);
    assert_eq!(world.count("select count(*) from jobs").await, 1);
}

async fn stop(replicas: impl IntoIterator<Item = Replica>) {
    for replica in replicas {
        replica.stop().await;
    }
}

/// each turn runs once, on whichever replica is first; missed turns are not made up for.
#[tokio::test(flavor = "multi_thread")]
async fn a_turn_runs_once_however_many_replicas_there_are() {
    let world = World::new().await;
    let replicas = [world.start_with(hourly), world.start_with(hourly), world.start_with(hourly)];
    rested(&world, 1).await;
    world.advance(3599);
    let mut runs = 1;
    for seconds in [1, 3600, 10 * 3600] {
        assert_eq!(world.lab.runs(), runs);
        world.advance(seconds);
        runs += 1;
        rested(&world, runs).await;
    }
    stop(replicas).await;
    world.end().await;
}

/// a restart does not bring a turn forward, and a crash in the middle of one does not lose it.
#[tokio::test(flavor = "multi_thread")]
async fn turns_survive_restarts_and_crashes() {
    let world = World::new().await;
    let first = world.start_with(hourly);
    rested(&world, 1).await;
    first.stop().await;
    // As if a process had died with it: taken, and nobody there.
    world.advance(3600);
    sqlx::query(
        "update jobs set state = 'running', attempts = 1, lease = $1, due_at = due_at + interval '75 s'",
    )
    .bind(Uuid::from_u128(7))
    .execute(&world.pool)
    .await
    .unwrap();
    let second = world.start_with(hourly);
    assert_eq!(world.lab.runs(), 1);
    world.advance(75);
    // MAX_ATTEMPTS is 1: the lost run was the last of its turn, and the next turn comes all the same.
    rested(&world, 1).await;
    world.advance(3600);
    rested(&world, 2).await;
    second.stop().await;
    world.end().await;
}

/// a turn that fails for good is reported, and the next one comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_turn_does_not_end_the_series() {
    let world = World::new().await;
    let replica = world.start_with(hourly);
    rested(&world, 1).await;
    world.lab.fail_sweeps(true);
    world.advance(3600);
    let id: Uuid = sqlx::query_scalar("select id from jobs").fetch_one(&world.pool).await.unwrap();
    let id = colink_core::id::JobId::from_uuid(id);
    let failed = eventually("a failure", SOON, async || {
        let status = world.status(id).await;
        status.error_class.is_some().then_some(status)
    })
    .await;
    assert_eq!((failed.state, failed.attempts), (JobState::Waiting, 0));
    eventually("the count", SOON, async || {
        (replica.metric("jobs_runs_total", &["sweep", "dead"]) == 1.0).then_some(())
    })
    .await;
    world.lab.fail_sweeps(false);
    world.advance(3600);
    rested(&world, 3).await;
    assert_eq!(world.status(id).await.error_class, None);
    replica.stop().await;
    world.end().await;
}

/// a shorter period is taken over at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_period_is_taken_over() {
    let world = World::new().await;
    let slow = world.start_with(hourly);
    rested(&world, 1).await;
    slow.stop().await;
    let quick = world.start_with(|runner| runner.every::<Sweep>(Duration::from_secs(60)));
    eventually("an earlier turn", SOON, async || {
        let due = "select count(*) from jobs where due_at <= created_at + interval '60 s'";
        (world.count(due).await == 1).then_some(())
    })
    .await;
    world.advance(60);
    rested(&world, 2).await;
    quick.stop().await;
    world.end().await;
}
