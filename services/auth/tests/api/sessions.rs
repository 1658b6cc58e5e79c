//! `/auth/sessions`.

use std::time::Duration;

use colink_core::clock::SystemClock;
use colink_core::id::SessionId;
use colink_events::Topic;
use colink_events::users::SessionRevoked;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, World, clock, refuses_bad_tokens, settings};

/// what the owner sees: newest first, the current one marked, nobody else's.
#[tokio::test]
async fn sessions_are_listed() {
    let world = World::start().await;
    let (ada, first) = world.signed_in("ada").await;
    world.signed_in("bob").await;
    let client =
        world.anonymous().with_header("user-agent", "Tests/1").with_header("x-forwarded-for", "203.0.113.5");
    let body = json!({"email": ada.email, "password": PASSWORD, "device_name": "Phone"});
    let second = world.session(&client.post("/auth/login", &body).await.expect(200));
    let answer = first.client.get("/auth/sessions").await.expect(200);
    let items: Vec<Value> = answer.data::<Value>()["items"].as_array().unwrap().clone();
    let ids: Vec<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [second.id.as_str(), first.id.as_str()]);
    assert_eq!((&items[0]["current"], &items[1]["current"]), (&json!(false), &json!(true)));
    assert_eq!(items[0]["device_name"], "Phone");
    assert_eq!(items[0]["user_agent"], "Tests/1");
    assert_eq!(items[0]["ip"], "203.0.113.5");
    refuses_bad_tokens(&world, Method::GET, "/auth/sessions").await;
}

/// one is ended; a foreign, unknown or ended one is not there.
#[tokio::test]
async fn a_session_is_ended_by_its_owner_alone() {
    let world = World::start().await;
    let (ada, first) = world.signed_in("ada").await;
    let second = world.login(&ada).await;
    let (_, bob) = world.signed_in("bob").await;
    let path = |id: &str| format!("/auth/sessions/{id}");
    bob.client.delete(&path(&second.id)).await.expect(404);
    second.client.get("/auth/me").await.expect(200);
    first.client.delete(&path(&second.id)).await.expect(204);
    second.client.get("/auth/me").await.expect(401);
    world.refresh(&second.refresh).await.expect(401);
    first.client.delete(&path(&second.id)).await.expect(404);
    first.client.delete(&path(&SessionId::generate(&SystemClock).to_string())).await.expect(404);
    let malformed = first.client.delete(&path("nonsense")).await.expect(400);
    assert_eq!(malformed.error_fields(), ["session_id"]);
    refuses_bad_tokens(&world, Method::DELETE, &path(&first.id)).await;
}

/// all others are ended.
#[tokio::test]
async fn the_others_are_ended() {
    let world = World::start().await;
    let (ada, kept) = world.signed_in("ada").await;
    let others = [world.login(&ada).await, world.login(&ada).await];
    let (_, bob) = world.signed_in("bob").await;
    assert_eq!(kept.client.delete("/auth/sessions").await.expect(200).value("/revoked"), json!(2));
    for other in &others {
        other.client.get("/auth/me").await.expect(401);
        world.refresh(&other.refresh).await.expect(401);
    }
    kept.client.get("/auth/me").await.expect(200);
    bob.client.get("/auth/me").await.expect(200);
    assert_eq!(kept.client.delete("/auth/sessions").await.expect(200).value("/revoked"), json!(0));
    refuses_bad_tokens(&world, Method::DELETE, "/auth/sessions").await;
}

/// sockets outlive the tokens that opened them, so the end of a session by time is told like every other.
#[tokio::test]
async fn a_session_that_nobody_goes_on_with_ends_by_a_job() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (ada, old) = world.signed_in("ada").await;
    clock.advance(Duration::from_secs(86_400));
    let kept = world.login(&ada).await;
    clock.advance(Duration::from_secs(29 * 86_400));
    let mut probe = world.stage.probe(Topic::Users).await;
    let (ended, _) =
        probe.await_event::<SessionRevoked>(|event| event.user_id.to_string() == old.user_id).await;
    assert_eq!(ended.session_id.map(|id| id.to_string()), Some(old.id));
    assert_eq!(ended.reason, "session_expired");
    assert_eq!(world.refresh(&old.refresh).await.expect(401).error_code(), "TOKEN_EXPIRED");
    world.refresh(&kept.refresh).await.expect(200);
}
