//! Failures: tried again later and later, and given up in the end.

use colink_jobs::{Enqueue, JobState, requeue, requeue_dead};
use colink_test::{SOON, eventually};

use crate::harness::{Brief, Replica, Task, World};

async fn error_of(world: &World, id: colink_core::id::JobId) -> String {
    let error = sqlx::query_scalar("select coalesce(error, '') from jobs where id = $1");
    error.bind(id.as_uuid()).fetch_one(&world.pool).await.unwrap()
}

/// A run is counted after its row says how it ended.
async fn until_counted(replica: &Replica, outcome: &str, runs: f64) {
    eventually("the runs are counted", SOON, async || {
        (replica.metric("jobs_runs_total", &["task", outcome]) == runs).then_some(())
    })
    .await;
}

/// the waits double with a random cut of at most a half, and end.
#[tokio::test(flavor = "multi_thread")]
async fn retries_back_off_until_it_works() {
    let world = World::new().await;
    let id = world.enqueue(Task::FailTimes(2)).await;
    let replica = world.start();
    for (attempt, full) in [(1, 10), (2, 20)] {
        let waiting = world.until(id, JobState::Waiting, attempt).await;
        assert_eq!(waiting.error_class.as_deref(), Some("away"));
        let wait = world.wait_of(&waiting);
        assert!((full / 2..=full).contains(&wait), "attempt {attempt}: {wait} s");
        world.advance(wait.unsigned_abs() + 1);
    }
    let done = world.until(id, JobState::Done, 3).await;
    assert_eq!(done.error_class, None, "what was wrong is over");
    until_counted(&replica, "retried", 2.0).await;
    replica.stop().await;
    world.end().await;
}

/// after the last attempt a job is dead and says why; requeued, it has a new set of attempts, and its age counts anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_always_fails_becomes_a_dead_letter() {
    let world = World::new().await;
    let id = world.enqueue(Task::FailAlways).await;
    let replica = world.start();
    for attempt in 1..=2 {
        world.until(id, JobState::Waiting, attempt).await;
        world.advance(60);
    }
    let dead = world.until(id, JobState::Dead, 3).await;
    assert_eq!(dead.error_class.as_deref(), Some("away"));
    assert_eq!(error_of(&world, id).await, "the server is away");
    assert!(world.lab.runs_of(id)[2].is_last() && !world.lab.runs_of(id)[1].is_last());

    world.advance(3600);
    assert_eq!(requeue_dead(&world.pool, "task", clock(&world)).await.unwrap(), 1);
    world.until(id, JobState::Waiting, 1).await;
    let runs = world.lab.runs_of(id);
    assert_eq!((runs.len(), runs[3].created_at), (4, clock(&world)));
    assert!(runs[2].created_at < runs[3].created_at);
    replica.stop().await;
    world.end().await;
}

fn clock(world: &World) -> chrono::DateTime<chrono::Utc> {
    use colink_core::clock::Clock;
    world.clock.now()
}

/// what can never work is not tried again.
#[tokio::test(flavor = "multi_thread")]
async fn a_permanent_failure_is_dead_at_once() {
    let world = World::new().await;
    let id = world.enqueue(Task::Refuse).await;
    let replica = world.start();
    let dead = world.until(id, JobState::Dead, 1).await;
    assert_eq!(dead.error_class.as_deref(), Some("refused"));
    assert_eq!(error_of(&world, id).await, "the server said never");
    until_counted(&replica, "dead", 1.0).await;
    replica.stop().await;
    world.end().await;
}

/// a dead job does not come back beside a living one with its key, nor when it is not dead.
#[tokio::test(flavor = "multi_thread")]
async fn a_requeued_job_does_not_double_a_living_one() {
    let world = World::new().await;
    let dead = world.enqueue_with(&Task::Refuse, Enqueue::now().dedupe("ada")).await.id();
    let replica = world.start();
    world.until(dead, JobState::Dead, 1).await;
    replica.stop().await;
    let living = world.enqueue_with(&Task::Succeed, Enqueue::now().dedupe("ada")).await.id();
    for id in [dead, living] {
        assert!(!requeue(&world.pool, id, clock(&world)).await.unwrap());
    }
    let replica = world.start();
    world.until(living, JobState::Done, 1).await;
    assert!(requeue(&world.pool, dead, clock(&world)).await.unwrap());
    world.until(dead, JobState::Dead, 1).await;
    assert_eq!(world.lab.runs_of(dead).len(), 2);
    replica.stop().await;
    world.end().await;
}

/// a panic and a hang are failures like others, and the runner goes on.
#[tokio::test(flavor = "multi_thread")]
async fn panics_and_timeouts_are_failures() {
    let world = World::new().await;
    let panics = world.enqueue(Task::Panic).await;
    let hangs = world.enqueue_with(&Brief(Task::Hang), Enqueue::now()).await.id();
    let replica = world.start();
    let failed = world.until(panics, JobState::Waiting, 1).await;
    assert_eq!(failed.error_class.as_deref(), Some("panic"));
    assert_eq!(error_of(&world, panics).await, "lost my mind");
    let failed = world.until(hangs, JobState::Waiting, 1).await;
    assert_eq!(failed.error_class.as_deref(), Some("timeout"));
    let fine = world.enqueue(Task::Succeed).await;
    world.until(fine, JobState::Done, 1).await;
    replica.stop().await;
    world.end().await;
}

/// a payload of another build is no dead letter at the first look.
#[tokio::test(flavor = "multi_thread")]
async fn a_payload_that_cannot_be_read_is_tried_again() {
    let world = World::new().await;
    let id = world.enqueue(Task::Succeed).await;
    sqlx::query("update jobs set payload = '\"NotKnownYet\"'").execute(&world.pool).await.unwrap();
    let replica = world.start();
    let failed = world.until(id, JobState::Waiting, 1).await;
    assert_eq!(failed.error_class.as_deref(), Some("payload"));
    sqlx::query("update jobs set payload = '\"Succeed\"'").execute(&world.pool).await.unwrap();
    world.advance(60);
    world.until(id, JobState::Done, 2).await;
    replica.stop().await;
    world.end().await;
}

/// a rest is no attempt.
#[tokio::test(flavor = "multi_thread")]
async fn a_snoozed_job_keeps_its_attempts() {
    let world = World::new().await;
    let id = world.enqueue_with(&Task::SnoozeOnce, Enqueue::now().max_attempts(1)).await.id();
    let replica = world.start();
    world.until_runs(1).await;
    let waiting = world.until(id, JobState::Waiting, 0).await;
    assert_eq!((world.wait_of(&waiting), waiting.error_class), (30, None));
    world.advance(30);
    world.until(id, JobState::Done, 1).await;
    replica.stop().await;
    world.end().await;
}
