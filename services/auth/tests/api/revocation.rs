//! The end of a session while what tells everybody of it is away.

use colink_test::{Environment, SOON, eventually};
use serde_json::json;

use crate::harness::World;

const AWAY: &str = "redis://127.0.0.1:1";

/// How often the job of the only revocation was tried; `None` when there is none, or it is done.
async fn tries(world: &World) -> Option<i32> {
    sqlx::query_scalar("select attempts from jobs where kind = 'deny_sessions' and state <> 'done'")
        .fetch_optional(world.database())
        .await
        .unwrap()
}

/// a session that is ended while Redis is away, by a process that dies afterwards, ends everywhere when Redis is back.
#[tokio::test]
async fn an_end_outlives_redis_and_the_process() {
    let mut world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    world.service.change("redis.url", AWAY);
    world.service.restart().await;
    let client = world.anonymous().bearer(&session.access);
    client.post("/auth/logout", &json!({})).await.expect(204);
    let again = async || tries(&world).await.filter(|tries| *tries > 1).map(drop);
    eventually("a second try", SOON, again).await;
    client.get("/auth/me").await.expect(200);

    world.service.kill().await;
    assert!(tries(&world).await.is_some(), "what is to be told is written down");
    world.service.change("redis.url", Environment::get().redis());
    world.service.restart().await;
    let client = world.anonymous().bearer(&session.access);
    eventually("the end of the token", SOON, async || {
        (client.get("/auth/me").await.status == 401).then_some(())
    })
    .await;
    eventually("the end of the job", SOON, async || tries(&world).await.is_none().then_some(())).await;
}

/// what is on the list already is put there once more and nothing else; a token that has ended needs no list.
#[tokio::test]
async fn an_end_that_was_told_leaves_nothing_to_do() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    session.client.post("/auth/logout", &json!({})).await.expect(204);
    session.client.get("/auth/me").await.expect(401);
    let done = "select count(*) from jobs where kind = $1 and state = 'done'";
    let one = async || (world.count(done, "deny_sessions").await == 1).then_some(());
    eventually("the end of the job", SOON, one).await;
}
