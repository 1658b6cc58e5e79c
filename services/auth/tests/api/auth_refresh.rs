//! `POST /auth/refresh`.

use std::time::Duration;

use colink_events::Topic;
use colink_events::users::{SessionRevoked, TokenReused};
use reqwest::Method;
use serde_json::json;

use crate::harness::{PAST_GRACE, World, clock, refuses_malformed, refuses_values, settings};

/// each use gives a new pair of the same session; only hashes are stored.
#[tokio::test]
async fn a_token_rotates() {
    let world = World::start().await;
    let (_, first) = world.signed_in("ada").await;
    let second = world.session(&world.refresh(&first.refresh).await.expect(200));
    let third = world.session(&world.refresh(&second.refresh).await.expect(200));
    assert_eq!((&first.id, &first.user_id), (&third.id, &third.user_id));
    assert_ne!(first.refresh, second.refresh);
    assert_ne!(first.access, third.access);
    third.client.get("/auth/me").await.expect(200);
    let lengths: Vec<i32> = sqlx::query_scalar("select length(token_hash) from refresh_tokens")
        .fetch_all(world.database())
        .await
        .unwrap();
    assert_eq!(lengths, [32, 32, 32]);
}

/// a client that asks twice at once keeps its session, and both answers work.
#[tokio::test]
async fn a_double_refresh_is_no_theft() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (client, body) = (world.anonymous(), json!({ "refresh_token": session.refresh }));
        waiting.spawn(async move { client.post("/auth/refresh", &body).await });
    }
    for answer in waiting.join_all().await {
        let sibling = world.session(&answer.expect(200));
        assert_eq!(sibling.id, session.id);
        world.refresh(&sibling.refresh).await.expect(200);
    }
    session.client.get("/auth/me").await.expect(200);
}

/// a second use after the grace period ends the family, at once and with an event.
#[tokio::test]
async fn a_reused_token_ends_its_session() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (ada, stolen) = world.signed_in("ada").await;
    let other = world.login(&ada).await;
    let mut users = world.stage.probe(Topic::Users).await;
    let owner = world.session(&world.refresh(&stolen.refresh).await.expect(200));
    clock.advance(PAST_GRACE);
    assert_eq!(world.refresh(&stolen.refresh).await.expect(401).error_code(), "TOKEN_INVALID");

    assert_eq!(owner.client.get("/auth/me").await.expect(401).error_code(), "TOKEN_INVALID");
    world.refresh(&owner.refresh).await.expect(401);
    let id = |id: colink_core::id::SessionId| id.to_string() == stolen.id;
    users.await_event::<TokenReused>(|event| id(event.session_id)).await;
    let revoked = users.await_event::<SessionRevoked>(|event| event.session_id.is_some_and(id)).await.0;
    assert_eq!(revoked.reason, "token_reused");
    other.client.get("/auth/me").await.expect(200);
    world.refresh(&other.refresh).await.expect(200);
}

/// a token lives for 30 days, and each use begins them anew.
#[tokio::test]
async fn a_token_expires() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (_, session) = world.signed_in("ada").await;
    let day = Duration::from_secs(86_400);
    clock.advance(29 * day);
    let session = world.session(&world.refresh(&session.refresh).await.expect(200));
    clock.advance(29 * day);
    let session = world.session(&world.refresh(&session.refresh).await.expect(200));
    clock.advance(30 * day);
    assert_eq!(world.refresh(&session.refresh).await.expect(401).error_code(), "TOKEN_EXPIRED");
}

/// no access token, no garbage.
#[tokio::test]
async fn bad_tokens_are_refused() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let client = world.anonymous();
    refuses_malformed(&client, Method::POST, "/auth/refresh", "refresh_token").await;
    refuses_values(&client, "/auth/refresh", json!({}), &["refresh_token"]).await;
    for token in ["nonsense", &session.access, &"A".repeat(43)] {
        assert_eq!(world.refresh(token).await.expect(401).error_code(), "TOKEN_INVALID", "{token}");
    }
    session.client.get("/auth/me").await.expect(200);
    let as_access = world.anonymous().bearer(&session.refresh);
    as_access.get("/auth/me").await.expect(401);
}
