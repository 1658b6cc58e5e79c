//! what a thief of refresh tokens tries.

use std::collections::BTreeSet;

use colink_events::Topic;
use colink_events::users::{SessionRevoked, TokenReused};
use colink_test::Answer;
use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{PAST_GRACE, Session, World, clock, settings};

const USED: &str =
    "select count(*) from refresh_tokens t where used_at is not null and session_id = $1::uuid";
const OPEN: &str = "select count(*) from sessions where id = $1::uuid and revoked_at is null";

/// Uses one token ten times at once.
async fn ten_at_once(world: &World, token: &str) -> Vec<Answer> {
    let mut waiting = JoinSet::new();
    for _ in 0..10 {
        let (client, body) = (world.anonymous(), json!({ "refresh_token": token }));
        waiting.spawn(async move { client.post("/auth/refresh", &body).await });
    }
    waiting.join_all().await
}

async fn is_over(world: &World, session: &Session) {
    session.client.get("/auth/me").await.expect(401);
    assert_eq!(world.refresh(&session.refresh).await.expect(401).error_code(), "TOKEN_INVALID");
}

/// whoever of the two comes second, the thief or the owner, ends the session for both, and it is told once.
#[tokio::test]
async fn a_stolen_token_ends_the_family_whoever_comes_second() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let mut users = world.stage.probe(Topic::Users).await;
    for generations in [1, 3] {
        let (_, stolen) = world.signed_in("ada").await;
        // One of the two goes on with it, for a while.
        let mut newest = world.session(&world.refresh(&stolen.refresh).await.expect(200));
        for _ in 1..generations {
            clock.advance(PAST_GRACE);
            newest = world.session(&world.refresh(&newest.refresh).await.expect(200));
        }
        clock.advance(PAST_GRACE);
        // Then the other comes, ten times at once.
        for answer in ten_at_once(&world, &stolen.refresh).await {
            assert_eq!(answer.expect(401).error_code(), "TOKEN_INVALID");
        }
        is_over(&world, &newest).await;
        is_over(&world, &stolen).await;
        let id = |id: colink_core::id::SessionId| id.to_string() == stolen.id;
        let revoked = users.await_event::<SessionRevoked>(|event| event.session_id.is_some_and(id)).await.0;
        assert_eq!(revoked.reason, "token_reused");
        users.await_event::<TokenReused>(|event| id(event.session_id)).await;
        let told = users.seen().iter().filter_map(|envelope| envelope.open::<TokenReused>().ok());
        assert_eq!(told.filter(|event| id(event.session_id)).count(), 1);
    }
}

/// ten uses at once are one client that asks ten times: one first use, ten siblings that all work.
#[tokio::test]
async fn simultaneous_uses_are_one_first_use_and_its_siblings() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (_, session) = world.signed_in("ada").await;
    let answers = ten_at_once(&world, &session.refresh).await;
    let siblings: Vec<Session> =
        answers.into_iter().map(|answer| world.session(&answer.expect(200))).collect();
    assert!(siblings.iter().all(|sibling| sibling.id == session.id));
    let tokens: BTreeSet<&str> = siblings.iter().map(|sibling| sibling.refresh.as_str()).collect();
    assert_eq!(tokens.len(), 10, "each has a token of its own");
    assert_eq!(world.count(USED, &session.id).await, 1);
    clock.advance(PAST_GRACE);
    for sibling in &siblings {
        world.refresh(&sibling.refresh).await.expect(200);
        sibling.client.get("/auth/me").await.expect(200);
    }
    // The grace is over for the token they all came from, and with it the session of every sibling.
    clock.advance(PAST_GRACE);
    world.refresh(&session.refresh).await.expect(401);
    assert_eq!(world.count(OPEN, &session.id).await, 0);
    for sibling in &siblings {
        is_over(&world, sibling).await;
    }
}

/// the grace is for one client: a copy in other hands ends the session also within it, whoever of the two comes first.
#[tokio::test]
async fn the_grace_is_not_for_another_client() {
    let world = World::start().await;
    for names in [["Browser/1", "Thief/1"], ["Thief/1", "Browser/1"]] {
        let (_, session) = world.signed_in("ada").await;
        let [first, second] = names.map(|name| world.anonymous().with_header("user-agent", name));
        let body = json!({ "refresh_token": session.refresh });
        let newest = world.session(&first.post("/auth/refresh", &body).await.expect(200));
        first.post("/auth/refresh", &body).await.expect(200);
        assert_eq!(second.post("/auth/refresh", &body).await.expect(401).error_code(), "TOKEN_INVALID");
        is_over(&world, &newest).await;
    }
}

/// the grace is ten seconds from the first use; using the token again does not make it longer.
#[tokio::test]
async fn the_grace_does_not_grow() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (_, session) = world.signed_in("ada").await;
    world.refresh(&session.refresh).await.expect(200);
    for _ in 0..2 {
        clock.advance(std::time::Duration::from_secs(5));
        world.refresh(&session.refresh).await.expect(200);
    }
    clock.advance(std::time::Duration::from_secs(1));
    world.refresh(&session.refresh).await.expect(401);
    assert_eq!(world.count(OPEN, &session.id).await, 0);
}

/// theft is punished in one session, not in the others of the user, and not in anybody else's.
#[tokio::test]
async fn a_theft_ends_one_session_alone() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (ada, stolen) = world.signed_in("ada").await;
    let (other, (_, bob)) = (world.login(&ada).await, world.signed_in("bob").await);
    world.refresh(&stolen.refresh).await.expect(200);
    clock.advance(PAST_GRACE);
    world.refresh(&stolen.refresh).await.expect(401);
    for session in [&other, &bob] {
        session.client.get("/auth/me").await.expect(200);
        world.refresh(&session.refresh).await.expect(200);
    }
}
