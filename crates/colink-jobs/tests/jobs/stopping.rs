//! Stopping: what runs may finish for a while, and nothing is lost.

use colink_jobs::JobState;
use colink_test::{SOON, eventually};

use crate::harness::{Task, World};

/// G-9: a job in hand is finished, and no new one is begun.
#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_may_finish() {
    let world = World::new().await;
    let id = world.enqueue(Task::Wait).await;
    let replica = world.start();
    world.until(id, JobState::Running, 1).await;
    let stopping = tokio::spawn(replica.stop());
    eventually("the end", SOON, async || {
        world.lab.go_on();
        stopping.is_finished().then_some(())
    })
    .await;
    stopping.await.unwrap();
    assert_eq!(world.status(id).await.state, JobState::Done);
    let late = world.enqueue(Task::Succeed).await;
    assert_eq!(world.status(late).await.state, JobState::Waiting);
    world.end().await;
}

/// G-9: a job that takes too long is cut off and given back at once, with its attempt.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cut_off_is_given_back() {
    let world = World::new().await;
    let id = world.enqueue(Task::Hang).await;
    let replica = world.start();
    world.until(id, JobState::Running, 1).await;
    replica.stop().await;
    let status = world.status(id).await;
    assert_eq!((status.state, status.attempts, world.wait_of(&status)), (JobState::Waiting, 0, 0));
    let next = world.start();
    world.until(id, JobState::Running, 1).await;
    next.stop().await;
    world.end().await;
}

/// G-9: a long job that listens ends by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_job_is_told() {
    let world = World::new().await;
    let id = world.enqueue(Task::WaitForStop).await;
    let replica = world.start();
    world.until(id, JobState::Running, 1).await;
    replica.stop().await;
    let status = world.status(id).await;
    assert_eq!((status.state, status.attempts), (JobState::Waiting, 0));
    world.end().await;
}
