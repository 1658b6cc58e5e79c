//! The hourly clean-up.

use std::time::Duration;

use colink_test::{SOON, eventually};

use crate::harness::{World, clock, settings};

/// sessions that ended are deleted by a job, a day later; finished jobs are, too.
#[tokio::test]
async fn ended_sessions_are_deleted_by_the_hourly_job() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (_, session) = world.signed_in("ada").await;
    session.client.post("/auth/logout", &serde_json::json!({})).await.expect(204);
    let sessions =
        async || world.count("select count(*) from sessions where id::text = $1", &session.id).await;
    let turns = async || {
        world
            .count(
                "select count(*) from jobs where kind = $1 and state = 'waiting' and recurring",
                "clean_up",
            )
            .await
    };
    assert_eq!(sessions().await, 1);
    eventually("the first turn is over", SOON, async || (turns().await == 1).then_some(())).await;
    // Ended sessions go when their own time is over, and a day.
    clock.advance(Duration::from_secs(32 * 86_400));
    eventually("the session is gone", SOON, async || (sessions().await == 0).then_some(())).await;
    eventually("the mail's job is gone", SOON, async || {
        (world.count("select count(*) from jobs where kind = $1", "send_mail").await == 0).then_some(())
    })
    .await;
}
