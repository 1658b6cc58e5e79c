//! Queueing: in the caller's transaction, once per key, many at a time, at a time.

use std::time::Duration;

use colink_core::clock::{Clock, SystemClock};
use colink_core::id::JobId;
use colink_events::Cause;
use colink_jobs::{Enqueue, Enqueued, JobState, RunnerConfig, enqueue, enqueue_all, status};
use colink_test::{SOON, eventually};

use crate::harness::{Task, World, cause};

/// a job exists exactly when its transaction was committed.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_runs_once_and_what_is_rolled_back_never() {
    let world = World::new().await;
    let mut transaction = world.pool.begin().await.unwrap();
    let lost = enqueue(&mut transaction, &Task::Succeed, Enqueue::now(), &SystemClock).await.unwrap().id();
    transaction.rollback().await.unwrap();
    let kept = world.enqueue(Task::Succeed).await;
    assert_eq!(world.status(kept).await.state, JobState::Waiting);

    let replica = world.start();
    let done = world.until(kept, JobState::Done, 1).await;
    assert!(done.finished_at.is_some() && done.error_class.is_none());
    assert_eq!(status(&world.pool, lost).await.unwrap(), None);
    assert_eq!((world.lab.runs_of(kept).len(), world.lab.runs()), (1, 1));
    replica.stop().await;
    world.end().await;
}

/// the request that caused a job is known to it, whoever runs it.
#[tokio::test(flavor = "multi_thread")]
async fn the_context_travels() {
    let world = World::new().await;
    let cause = cause(world.clock.as_ref());
    let with = world.enqueue_with(&Task::Succeed, Enqueue::now().context(cause.clone())).await.id();
    let without = world.enqueue(Task::Succeed).await;
    let replica = world.start();
    world.until(with, JobState::Done, 1).await;
    world.until(without, JobState::Done, 1).await;
    assert_eq!(world.lab.runs_of(with)[0].cause, cause);
    assert_eq!(world.lab.runs_of(without)[0].cause, Cause::default());
    assert_eq!(world.lab.runs_of(with)[0].created_at, world.clock.now());
    replica.stop().await;
    world.end().await;
}

/// of many transactions that queue the same at once, one does, and all learn which job it is.
#[tokio::test(flavor = "multi_thread")]
async fn one_job_of_a_key_is_queued_however_many_try() {
    let world = World::new().await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let pool = world.pool.clone();
        tries.spawn(async move {
            let mut transaction = pool.begin().await.unwrap();
            let options = Enqueue::now().dedupe("ada");
            let queued = enqueue(&mut transaction, &Task::Wait, options, &SystemClock).await.unwrap();
            transaction.commit().await.unwrap();
            queued
        });
    }
    let queued = tries.join_all().await;
    let new: Vec<JobId> =
        queued.iter().filter(|one| matches!(one, Enqueued::New(_))).map(|one| one.id()).collect();
    assert_eq!(new.len(), 1, "{queued:?}");
    assert!(queued.iter().all(|one| one.id() == new[0]));
    let other = world.enqueue_with(&Task::Succeed, Enqueue::now().dedupe("ben")).await;
    assert!(matches!(other, Enqueued::New(_)), "another key");
    world.end().await;
}

/// a key is taken while its job waits and while it runs, and free afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_free_when_its_job_has_ended() {
    let world = World::new().await;
    world.clock.set(SystemClock.now());
    let options = || Enqueue::now().dedupe("ada");
    let first = world.enqueue_with(&Task::Wait, options()).await.id();
    let replica = world.start();
    world.until(first, JobState::Running, 1).await;
    assert_eq!(world.enqueue_with(&Task::Succeed, options()).await, Enqueued::Known(first));
    eventually("the end", SOON, async || {
        world.lab.go_on();
        (world.status(first).await.state == JobState::Done).then_some(())
    })
    .await;
    let second = world.enqueue_with(&Task::Succeed, options()).await;
    assert!(matches!(second, Enqueued::New(_)));
    world.until(second.id(), JobState::Done, 1).await;
    replica.stop().await;
    world.end().await;
}

/// many jobs are one statement; keys count within it, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_queued_at_once() {
    let world = World::new().await;
    let jobs = (0..500).map(|number| (Task::Succeed, Enqueue::now().dedupe(format!("k{}", number % 400))));
    let mut transaction = world.pool.begin().await.unwrap();
    assert_eq!(enqueue_all(&mut transaction, jobs, world.clock.as_ref()).await.unwrap(), 400);
    let none = enqueue_all(&mut transaction, std::iter::empty::<(Task, _)>(), world.clock.as_ref()).await;
    assert_eq!(none.unwrap(), 0);
    transaction.commit().await.unwrap();

    let replica = world.start();
    world.until_runs(400).await;
    replica.stop().await;
    assert_eq!(world.count("select count(*) from jobs where state = 'done' and attempts = 1").await, 400);
    world.end().await;
}

/// a job does not run before its time.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_waits_for_its_time() {
    let world = World::new().await;
    let later = world.enqueue_with(&Task::Succeed, Enqueue::after(Duration::from_secs(60))).await.id();
    let moment = world.clock.now() + Duration::from_secs(120);
    let last = world.enqueue_with(&Task::Succeed, Enqueue::at(moment)).await.id();
    let now = world.enqueue(Task::Succeed).await;
    let replica = world.start();
    world.until(now, JobState::Done, 1).await;
    world.advance(59);
    let second = world.enqueue(Task::Succeed).await;
    world.until(second, JobState::Done, 1).await;
    assert_eq!(world.status(later).await.state, JobState::Waiting);
    world.advance(1);
    world.until(later, JobState::Done, 1).await;
    assert_eq!(world.status(last).await.state, JobState::Waiting);
    world.advance(60);
    world.until(last, JobState::Done, 1).await;
    replica.stop().await;
    world.end().await;
}

/// a woken runner does not wait for its poll.
#[tokio::test(flavor = "multi_thread")]
async fn a_wake_up_starts_a_job_at_once() {
    let world = World::new().await;
    let hour = Duration::from_secs(3600);
    let config = RunnerConfig { poll: hour, measure: hour, ..RunnerConfig::default() };
    let replica = world.start_as(config, |runner| runner.on::<Task>());
    for _ in 0..3 {
        let id = world.enqueue(Task::Succeed).await;
        replica.handle.wake();
        world.until(id, JobState::Done, 1).await;
    }
    replica.stop().await;
    world.end().await;
}
