//! The table of jobs, as administrators see it.

use colink_core::page::TableQuery;
use colink_jobs::{Enqueue, JobFilter, JobState, list};

use crate::harness::{Brief, Task, World, cause};

/// pages of what is there, by kind and state, with the failure and the request, and without what the job was told.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_by_kind_and_state() {
    let world = World::new().await;
    let options = Enqueue::now().context(cause(world.clock.as_ref()));
    let dead = world.enqueue_with(&Task::Refuse, options).await.id();
    let replica = world.start();
    world.until(dead, JobState::Dead, 1).await;
    replica.stop().await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        world.advance(1);
        waiting.insert(0, world.enqueue(Task::Succeed).await);
    }
    world.enqueue_with(&Brief(Task::Succeed), Enqueue::now()).await;

    let page = async |kind: Option<&str>, state, page, size| {
        let filter = JobFilter { kind: kind.map(str::to_owned), state };
        let table = TableQuery::parse(Some(page), Some(size)).unwrap();
        list(&world.pool, &filter, table).await.unwrap()
    };
    let all = page(None, None, 1, 20).await;
    assert_eq!((all.total, all.items.len()), (5, 5));
    let found = page(None, Some(JobState::Dead), 1, 20).await;
    assert_eq!((found.total, found.items[0].id), (1, dead));
    let shown = serde_json::to_value(&found.items[0]).unwrap();
    assert_eq!((&shown["state"], &shown["error_class"]), (&"dead".into(), &"refused".into()));
    assert_eq!(
        (&shown["error"], &shown["request_id"]),
        (&"the server said never".into(), &"web-1.2_3".into())
    );
    assert_eq!((shown.get("payload"), shown.get("cause")), (None, None));
    let tasks = page(Some("task"), Some(JobState::Waiting), 2, 2).await;
    assert_eq!((tasks.total, tasks.pages, tasks.items[0].id, tasks.items.len()), (3, 2, waiting[2], 1));
    assert_eq!(page(Some("nobody"), None, 1, 20).await.total, 0);
    world.end().await;
}
