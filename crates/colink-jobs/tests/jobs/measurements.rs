//! What an operator sees.

use colink_jobs::JobState;
use colink_test::{SOON, eventually};

use crate::harness::{Task, World};

/// jobs by kind and state, the age of the oldest due one, dead ones.
#[tokio::test(flavor = "multi_thread")]
async fn the_backlog_is_measured() {
    let world = World::new().await;
    // One at a time: while it waits, nothing else is claimed.
    world.lab.bound(1);
    let dead = world.enqueue(Task::Refuse).await;
    let running = world.enqueue(Task::Wait).await;
    let replica = world.start();
    world.until(dead, JobState::Dead, 1).await;
    world.until(running, JobState::Running, 1).await;
    world.enqueue(Task::Succeed).await;
    world.enqueue(Task::Succeed).await;
    world.advance(30);
    eventually("the gauges", SOON, async || {
        let jobs = |state: &str| replica.metric("jobs{", &["kind=\"task\"", state]);
        let oldest = replica.metric("jobs_oldest_due_seconds{", &["kind=\"task\""]);
        let found = (jobs("waiting"), jobs("running"), jobs("dead"), oldest);
        (found == (2.0, 1.0, 1.0, 30.0)).then_some(())
    })
    .await;
    assert_eq!(replica.metric("jobs_run_seconds_count", &["task"]), 1.0);
    world.lab.bound(4);
    eventually("no backlog", SOON, async || {
        world.lab.go_on();
        let jobs = |state: &str| replica.metric("jobs{", &["kind=\"task\"", state]);
        (jobs("waiting") == 0.0 && jobs("running") == 0.0 && jobs("dead") == 1.0).then_some(())
    })
    .await;
    replica.stop().await;
    world.end().await;
}
