//! The hourly clean-up.

use std::time::Duration;

use colink_test::{SOON, eventually};

use crate::harness::{World, clock, settings};

/// More than two batches that are due, of which no statement may take more than one; and a table that takes no deletion.
const OBSTACLES: &str = "
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$;
    create trigger refuse before delete on refresh_tokens for each statement execute function refuse();
    create function few() returns trigger language plpgsql as $$ begin
        if (select count(*) from gone) > 1000 then raise exception 'too many'; end if;
        return null;
    end $$;
    create trigger few after delete on oidc_flows referencing old table as gone
        for each statement execute function few();
    insert into oidc_flows (state_hash, browser_hash, provider, return_to, json, expires_at)
    select sha256(n::text::bytea), sha256('browser'), 'google', '/', false, '2000-01-01'
      from generate_series(1, 2500) as n";

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

/// what is much is deleted in batches; a part that fails holds no other up, is told and is tried again.
#[tokio::test]
async fn the_clean_up_goes_in_batches_and_past_a_part_that_fails() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    sqlx::raw_sql(OBSTACLES).execute(world.database()).await.unwrap();
    clock.advance(Duration::from_secs(3600));
    let flows = "select count(*) from oidc_flows where provider = $1";
    eventually("the batches are gone", SOON, async || {
        (world.count(flows, "google").await == 0).then_some(())
    })
    .await;
    let failed = "select count(*) from jobs where kind = $1 and error like '%no room%'";
    eventually("the failure is told", SOON, async || {
        (world.count(failed, "clean_up").await == 1).then_some(())
    })
    .await;
    sqlx::raw_sql("drop trigger refuse on refresh_tokens").execute(world.database()).await.unwrap();
    clock.advance(Duration::from_secs(3600));
    let well = "select count(*) from jobs where kind = $1 and error is null and finished_at is not null";
    eventually("a turn ends well", SOON, async || (world.count(well, "clean_up").await == 1).then_some(()))
        .await;
}
