//! the list of devices.

use std::time::Duration;

use colink_core::clock::{Clock, SystemClock};
use colink_core::id::SessionId;
use colink_core::time::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, World, clock, refuses_bad_tokens, refuses_malformed, settings};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";

async fn list(client: &colink_test::Client) -> Vec<Value> {
    let answer = client.get("/auth/sessions").await.expect(200);
    answer.value("/items").as_array().unwrap().clone()
}

/// a device is called what its owner says, and else what its program says.
#[tokio::test]
async fn a_device_has_a_name() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let firefox = world.anonymous().with_header("user-agent", FIREFOX);
    let body = json!({"email": ada.email, "password": PASSWORD});
    let other = world.session(&firefox.post("/auth/login", &body).await.expect(200));
    let items = list(&session.client).await;
    assert_eq!(
        (&items[0]["device_name"], &items[0]["user_agent"]),
        (&json!("Firefox on Linux"), &json!(FIREFOX))
    );
    assert_eq!((&items[0]["method"], &items[0]["amr"]), (&json!("password"), &json!(["pwd"])));

    let path = format!("/auth/sessions/{}", other.id);
    let renamed =
        session.client.patch(&path, &json!({"device_name": "  Kitchen \u{1f373} "})).await.expect(200);
    assert_eq!(
        (renamed.text("/id"), renamed.text("/device_name")),
        (other.id.clone(), "Kitchen \u{1f373}".to_owned())
    );
    assert_eq!(renamed.value("/current"), json!(false));
    assert_eq!(list(&other.client).await[0]["device_name"], "Kitchen \u{1f373}");
    // The name stays when the program is updated.
    let newer = FIREFOX.replace("143", "150");
    let updated = world.anonymous().with_header("user-agent", &newer);
    let updated = updated.post("/auth/refresh", &json!({"refresh_token": other.refresh})).await.expect(200);
    let items = list(&world.session(&updated).client).await;
    assert_eq!(
        (&items[0]["device_name"], &items[0]["user_agent"]),
        (&json!("Kitchen \u{1f373}"), &json!(newer))
    );
}

/// only the owner's open sessions can be named, and not with anything.
#[tokio::test]
async fn naming_is_for_the_owner() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    let ended = world.login(&ada).await;
    ended.client.post("/auth/logout", &json!({})).await.expect(204);
    let name = json!({"device_name": "Mine"});
    let unknown = SessionId::generate(&SystemClock).to_string();
    for (client, id) in
        [(&bob.client, &session.id), (&session.client, &ended.id), (&session.client, &unknown)]
    {
        let answer = client.patch(&format!("/auth/sessions/{id}"), &name).await.expect(404);
        assert_eq!(answer.error_code(), "NOT_FOUND");
    }
    let path = format!("/auth/sessions/{}", session.id);
    for bad in ["", " ", "a\u{202e}b", "a\nb", &"x".repeat(81)] {
        let answer = session.client.patch(&path, &json!({"device_name": bad})).await.expect(400);
        assert_eq!(answer.error_fields(), ["device_name"], "{bad:?}");
    }
    assert_eq!(session.client.patch(&path, &json!({})).await.expect(400).error_fields(), ["device_name"]);
    refuses_malformed(&session.client, Method::PATCH, &path, "device_name").await;
    refuses_bad_tokens(&world, Method::PATCH, &path).await;
    session.client.patch("/auth/sessions/nonsense", &name).await.expect(400);
    assert_ne!(list(&session.client).await[0]["device_name"], "Mine");
}

/// the last use is told to a minute, without a write for each request.
#[tokio::test]
async fn the_last_use_is_noted() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (ada, session) = world.signed_in("ada").await;
    let idle = world.login(&ada).await;
    let began = Timestamp::from(clock.now()).to_string();
    clock.advance(Duration::from_secs(600));
    let used = Timestamp::from(clock.now()).to_string();
    session.client.get("/auth/me").await.expect(200);
    let seen = |items: &[Value], id: &str| {
        let item = items.iter().find(|item| item["id"] == id).unwrap();
        (item["created_at"].as_str().unwrap().to_owned(), item["last_seen_at"].as_str().unwrap().to_owned())
    };
    let items = list(&session.client).await;
    assert_eq!(seen(&items, &session.id), (began.clone(), used.clone()));
    assert_eq!(seen(&items, &idle.id), (began.clone(), began.clone()), "only logged in");
    let rows: i64 = sqlx::query_scalar("select count(*) from sessions where last_seen_at > created_at")
        .fetch_one(world.database())
        .await
        .unwrap();
    assert_eq!(rows, 0, "the database is not written for it");
    clock.advance(Duration::from_secs(30));
    session.client.get("/auth/me").await.expect(200);
    assert_eq!(seen(&list(&session.client).await, &session.id).1, used, "the same minute");
    world.refresh(&session.refresh).await.expect(200);
    let refreshed = Timestamp::from(clock.now()).to_string();
    assert_eq!(seen(&list(&session.client).await, &session.id), (began, refreshed));
}
