//! Claims: shared by replicas, bounded, and free again when their holder is gone.

use std::time::Duration;

use colink_core::clock::{Clock, SystemClock};
use colink_jobs::{Enqueue, JobState, RunnerConfig, enqueue_all};
use colink_test::{SOON, eventually};

use crate::harness::{Brief, Task, World};

/// replicas share the work, and each job runs on one of them.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_runners_run_each_job_once() {
    let world = World::new().await;
    let mut transaction = world.pool.begin().await.unwrap();
    let jobs = (0..300).map(|_| (Task::Succeed, Enqueue::now()));
    enqueue_all(&mut transaction, jobs, world.clock.as_ref()).await.unwrap();
    transaction.commit().await.unwrap();
    let replicas = [world.start(), world.start(), world.start()];
    eventually("all done", SOON, async || {
        (world.count("select count(*) from jobs where state = 'done'").await == 300).then_some(())
    })
    .await;
    assert_eq!(world.lab.runs(), 300);
    let counted =
        || replicas.iter().map(|replica| replica.metric("jobs_runs_total", &["task", "done"])).sum::<f64>();
    // A run is counted after its row says so.
    eventually("every run is counted", SOON, async || (counted() >= 300.0).then_some(())).await;
    assert_eq!(counted(), 300.0);
    for replica in replicas {
        replica.stop().await;
    }
    world.end().await;
}

/// the job of a process that died is run by another when the lease is over, and not before.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_runners_job_is_taken_over_when_its_lease_is_over() {
    let world = World::new().await;
    let id = world.enqueue(Task::Wait).await;
    let first = world.start();
    world.until(id, JobState::Running, 1).await;
    first.kill().await;

    // The lease is the timeout of 30 s and a margin of 15 s.
    world.advance(44);
    let second = world.start();
    let other = world.enqueue(Task::Succeed).await;
    world.until(other, JobState::Done, 1).await;
    assert_eq!(world.status(id).await.attempts, 1);
    world.advance(1);
    world.until(id, JobState::Running, 2).await;
    eventually("the end", SOON, async || {
        world.lab.go_on();
        (world.status(id).await.state == JobState::Done).then_some(())
    })
    .await;
    assert_eq!(world.lab.runs_of(id).iter().map(|run| run.attempt).collect::<Vec<_>>(), [1, 2]);
    second.stop().await;
    world.end().await;
}

/// whoever lost his lease cannot say how the job ended.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_noted_only_by_the_holder_of_the_lease() {
    let world = World::new().await;
    let id = world.enqueue(Task::Wait).await;
    let zombie = world.start();
    world.until(id, JobState::Running, 1).await;
    world.advance(45);
    // The zombie runs the job still and does not take it twice; another replica does.
    let heir = world.start();
    world.until(id, JobState::Running, 2).await;
    eventually("both ended", SOON, async || {
        world.lab.go_on();
        let lost = zombie.metric("jobs_runs_total", &["task", "lost"]);
        let done = heir.metric("jobs_runs_total", &["task", "done"]);
        (lost == 1.0 && done == 1.0).then_some(())
    })
    .await;
    assert_eq!(world.lab.runs_of(id).len(), 2);
    world.until(id, JobState::Done, 2).await;
    zombie.stop().await;
    heir.stop().await;
    world.end().await;
}

/// a job that takes its process with it each time is given up.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_kills_its_process_ends_dead() {
    let world = World::new().await;
    let id = world.enqueue_with(&Task::Wait, Enqueue::now().max_attempts(2)).await.id();
    for attempt in 1..=2 {
        let replica = world.start();
        world.until(id, JobState::Running, attempt).await;
        replica.kill().await;
        world.advance(45);
    }
    let replica = world.start();
    let dead = world.until(id, JobState::Dead, 2).await;
    assert_eq!(dead.error_class.as_deref(), Some("lost"));
    assert_eq!(world.lab.runs_of(id).len(), 2);
    replica.stop().await;
    world.end().await;
}

/// a runner runs no more at a time than it may, and the rest afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn concurrency_is_bounded() {
    let world = World::new().await;
    world.clock.set(SystemClock.now());
    for _ in 0..12 {
        world.enqueue(Task::Wait).await;
    }
    let replica = world.start();
    world.until_runs(4).await;
    eventually("the end of all", SOON, async || {
        world.lab.go_on();
        (world.count("select count(*) from jobs where state = 'done'").await == 12).then_some(())
    })
    .await;
    assert_eq!(world.lab.most_at_once(), 4);
    replica.stop().await;
    world.end().await;
}

/// a kind that rests is not claimed and loses no attempt, while others go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_kind_can_rest() {
    let world = World::new().await;
    world.lab.bound(0);
    let resting = [world.enqueue(Task::Succeed).await, world.enqueue(Task::Succeed).await];
    let replica = world.start();
    let other = world.enqueue_with(&Brief(Task::Succeed), Enqueue::now()).await.id();
    world.until(other, JobState::Done, 1).await;
    for id in resting {
        assert_eq!((world.status(id).await.state, world.status(id).await.attempts), (JobState::Waiting, 0));
    }
    world.lab.bound(1);
    for id in resting {
        world.until(id, JobState::Done, 1).await;
    }
    assert_eq!(world.lab.most_at_once(), 1);
    replica.stop().await;
    world.end().await;
}

/// jobs of a kind that this build does not know are left to another one.
#[tokio::test(flavor = "multi_thread")]
async fn unknown_kinds_are_left_alone() {
    let world = World::new().await;
    let unknown = world.enqueue_with(&Brief(Task::Succeed), Enqueue::now()).await.id();
    let replica = world.start_with(|runner| runner.on::<Task>());
    let known = world.enqueue(Task::Succeed).await;
    world.until(known, JobState::Done, 1).await;
    assert_eq!(world.status(unknown).await.state, JobState::Waiting);
    replica.stop().await;
    world.end().await;
}

/// Refuses claims and counts them: a sequence keeps its number when the statement is taken back.
const BREAK: &str = "
    create sequence refused_claims;
    create function refuse() returns trigger language plpgsql as $$
    begin
        perform nextval('refused_claims');
        raise 'the table is broken';
    end $$;
    create trigger refuse before update on jobs for each statement execute function refuse()";

/// a database that is away for a while is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_outlives_a_broken_table() {
    let world = World::new().await;
    sqlx::raw_sql(BREAK).execute(&world.pool).await.unwrap();
    let config = RunnerConfig { poll: Duration::from_millis(20), ..RunnerConfig::default() };
    let replica = world.start_as(config, |runner| runner.on::<Task>());
    let id = world.enqueue(Task::Succeed).await;
    eventually("claims have failed, one after the other", SOON, async || {
        (world.count("select last_value from refused_claims").await >= 2).then_some(())
    })
    .await;
    assert_eq!((world.status(id).await.state, world.lab.runs()), (JobState::Waiting, 0));
    sqlx::raw_sql("drop trigger refuse on jobs").execute(&world.pool).await.unwrap();
    world.until(id, JobState::Done, 1).await;
    replica.stop().await;
    world.end().await;
}
