//! `/auth/api-keys`: making, listing, replacing and ending keys.

use std::time::Duration;

use colink_core::clock::SystemClock;
use colink_core::id::ApiKeyId;
use colink_events::Topic;
use colink_events::users::{ApiKeyCreated, ApiKeyRevoked, SessionRevoked};
use colink_test::{Answer, Client};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    Session, World, clock, refuses_bad_tokens, refuses_malformed, refuses_values, settings,
};

pub(crate) const PATH: &str = "/auth/api-keys";

pub(crate) async fn make(client: &Client, scopes: &[&str]) -> Answer {
    client.post(PATH, &json!({ "name": "tests", "scopes": scopes })).await.expect(201)
}

/// The token for a key, or none when the key does not count.
pub(crate) async fn exchange(world: &World, key: &str) -> Option<String> {
    exchange_from(world, key, "203.0.113.7").await
}

pub(crate) async fn exchange_from(world: &World, key: &str, ip: &str) -> Option<String> {
    let client = world.anonymous().with_header("x-forwarded-for", ip).with_header("user-agent", "bot/1");
    let answer = client.bearer(key).request(Method::POST, "/auth/api-keys/token").send().await;
    if answer.status == 401 { None } else { Some(answer.expect(200).text("/access_token")) }
}

pub(crate) async fn by_key(world: &World, key: &str) -> Client {
    world.anonymous().bearer(&exchange(world, key).await.expect("a token"))
}

pub(crate) async fn rotate(session: &Session, id: &str, overlap_s: u32) -> Answer {
    session.client.post(&format!("{PATH}/{id}/rotate"), &json!({ "overlap_s": overlap_s })).await
}

async fn list(session: &Session) -> Vec<Value> {
    let answer = session.client.get(PATH).await.expect(200);
    answer.value("/items").as_array().unwrap().clone()
}

/// a key is shown once; only its hash is stored, and the event names no secret.
#[tokio::test]
async fn a_key_is_shown_once_and_stored_as_a_hash() {
    let world = World::start().await;
    let mut probe = world.stage.probe(Topic::Users).await;
    let (_, ada) = world.signed_in("ada").await;
    let body = json!({ "name": " deploy ", "scopes": ["messages:write", "users:read", "users:read"], "expires_in_days": 30 });
    let made = ada.client.post(PATH, &body).await.expect(201);
    let (id, key) = (made.text("/id"), made.text("/key"));
    assert_eq!(made.text("/name"), "deploy");
    assert_eq!(made.value("/scopes"), json!(["messages:write", "users:read"]));
    assert_eq!(made.value("/last_used_on"), Value::Null);
    assert!(key.starts_with(&made.text("/secrets/0/prefix")) && key.len() == 77, "{key}");

    let listed = list(&ada).await;
    assert_eq!(listed.len(), 1);
    assert!(listed[0].get("key").is_none());
    assert_eq!(listed[0]["secrets"][0]["prefix"], made.value("/secrets/0/prefix"));
    let secret = key.split('_').nth(2).unwrap();
    for table in ["api_keys", "api_key_secrets", "outbox", "idempotency_keys"] {
        let query = format!("select count(*) from {table} t where t::text like '%' || $1 || '%'");
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .bind(secret)
            .fetch_one(world.database())
            .await
            .unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    let (event, envelope) = probe.await_event::<ApiKeyCreated>(|e| e.api_key_id.to_string() == id).await;
    assert_eq!((event.user_id.to_string(), event.created_by), (ada.user_id, event.user_id));
    assert_eq!(event.scopes, ["messages:write", "users:read"]);
    assert!(event.expires_at.is_some() && !envelope.data.get().contains(secret));
}

/// every bound, and every bad field at once.
#[tokio::test]
async fn a_wish_that_cannot_be_had_is_refused() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let with = |field: &str, value: Value| {
        let mut body = json!({ "name": "x", "scopes": ["users:read"] });
        body[field] = value;
        body
    };
    let refused = [
        (json!({}), &["name", "scopes"][..]),
        (with("name", json!("")), &["name"]),
        (with("name", json!("x".repeat(81))), &["name"]),
        (with("scopes", json!([])), &["scopes"]),
        (with("scopes", json!(["users:read", "everything"])), &["scopes[1]"]),
        (with("scopes", json!(["users:read messages:read"])), &["scopes[0]"]),
        (with("scopes", json!(["admin:*"])), &["scopes"]),
        (with("expires_in_days", json!(0)), &["expires_in_days"]),
        (with("expires_in_days", json!(366)), &["expires_in_days"]),
        (with("expires_in_days", Value::Null), &["expires_in_days"]),
    ];
    for (body, fields) in refused {
        refuses_values(&ada.client, PATH, body, fields).await;
    }
    for body in [
        with("name", json!("x".repeat(80))),
        with("expires_in_days", json!(365)),
        with("expires_in_days", json!(1)),
    ] {
        ada.client.post(PATH, &body).await.expect(201);
    }
    refuses_malformed(&ada.client, Method::POST, PATH, "name").await;
    refuses_bad_tokens(&world, Method::POST, PATH).await;
    refuses_bad_tokens(&world, Method::GET, PATH).await;
}

/// a key without an end is made where the configuration lets it be.
#[tokio::test]
async fn a_key_without_an_end_takes_a_setting() {
    let world = World::with(settings().set("api_keys.allow_endless", true)).await;
    let (_, ada) = world.signed_in("ada").await;
    let body = json!({ "name": "x", "scopes": ["users:read"], "expires_in_days": null });
    let made = ada.client.post(PATH, &body).await.expect(201);
    assert_eq!(made.value("/expires_at"), Value::Null);
    by_key(&world, &made.text("/key")).await.get("/users/me").await.expect(200);
}

/// the cap holds, also for two at the same time; an ended key makes room.
#[tokio::test]
async fn a_user_has_so_many_keys_and_no_more() {
    let world = World::with(settings().set("api_keys.max_per_user", 3)).await;
    let (_, ada) = world.signed_in("ada").await;
    let first = make(&ada.client, &["users:read"]).await;
    let body = json!({ "name": "x", "scopes": ["users:read"] });
    let tries = futures_util::future::join_all((0..6).map(|_| ada.client.post(PATH, &body))).await;
    assert_eq!(tries.iter().filter(|answer| answer.status == 201).count(), 2);
    for refused in tries.iter().filter(|answer| answer.status != 201) {
        assert_eq!((refused.status.as_u16(), refused.error_code().as_str()), (409, "CONFLICT"));
    }
    ada.client.delete(&format!("{PATH}/{}", first.text("/id"))).await.expect(204);
    make(&ada.client, &["users:read"]).await;
}

/// making and replacing ask for a fresh proof, ending does not.
#[tokio::test]
async fn secrets_are_handed_out_on_a_fresh_proof() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (_, ada) = world.signed_in("ada").await;
    let made = make(&ada.client, &["users:read"]).await;
    clock.advance(Duration::from_secs(11 * 60));
    let again = ada.client.post(PATH, &json!({ "name": "x", "scopes": ["users:read"] })).await.expect(403);
    assert_eq!(again.error_code(), "REAUTHENTICATION_REQUIRED");
    let rotated = rotate(&ada, &made.text("/id"), 60).await.expect(403);
    assert_eq!(rotated.error_code(), "REAUTHENTICATION_REQUIRED");
    ada.client.delete(&format!("{PATH}/{}", made.text("/id"))).await.expect(204);
}

/// another user's key, an unknown and an ended one are all not there.
#[tokio::test]
async fn a_key_is_ended_by_its_owner_alone() {
    let world = World::start().await;
    let mut probe = world.stage.probe(Topic::Users).await;
    let (_, ada) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    let made = make(&ada.client, &["users:read"]).await;
    let id = made.text("/id");
    let path = format!("{PATH}/{id}");
    let client = by_key(&world, &made.text("/key")).await;
    client.get("/users/me").await.expect(200);

    bob.client.delete(&path).await.expect(404);
    rotate(&bob, &id, 60).await.expect(404);
    ada.client.delete(&format!("{PATH}/{}", ApiKeyId::generate(&SystemClock))).await.expect(404);
    ada.client.delete(&format!("{PATH}/nonsense")).await.expect(400);
    refuses_bad_tokens(&world, Method::DELETE, &path).await;
    assert_eq!(list(&bob).await.len(), 0);

    ada.client.delete(&path).await.expect(204);
    // The token that was made before is refused at once, by the deny-list; the key gets none any more.
    let refused = client.get("/users/me").await.expect(401);
    assert_eq!(refused.error_code(), "TOKEN_INVALID");
    assert_eq!(exchange(&world, &made.text("/key")).await, None);
    assert_eq!(list(&ada).await.len(), 0);
    ada.client.delete(&path).await.expect(404);
    rotate(&ada, &id, 60).await.expect(404);

    let (event, _) = probe.await_event::<ApiKeyRevoked>(|e| e.api_key_id.to_string() == id).await;
    assert_eq!(event.reason, "revoked_by_user");
    let (created, _) = probe.await_event::<ApiKeyCreated>(|e| e.api_key_id.to_string() == id).await;
    probe.await_event::<SessionRevoked>(|e| e.session_id == Some(created.session_id)).await;
}

/// a key opens nothing under `/auth`, whatever its scopes: it makes no keys, changes no password, ends no session.
#[tokio::test]
async fn a_key_opens_nothing_that_concerns_the_account() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let scopes = [
        "messages:read",
        "messages:write",
        "channels:read",
        "channels:write",
        "files:read",
        "files:write",
        "search:read",
        "users:read",
        "users:write",
        "presence:write",
        "workspaces:read",
        "workspaces:admin",
    ];
    let made = make(&ada.client, &scopes).await;
    let client = by_key(&world, &made.text("/key")).await;
    let id = made.text("/id");
    let calls = [
        (Method::GET, PATH.to_owned()),
        (Method::POST, PATH.to_owned()),
        (Method::DELETE, format!("{PATH}/{id}")),
        (Method::POST, format!("{PATH}/{id}/rotate")),
        (Method::GET, "/auth/me".to_owned()),
        (Method::GET, "/auth/bots".to_owned()),
        (Method::POST, "/auth/bots".to_owned()),
        (Method::POST, "/auth/logout".to_owned()),
        (Method::GET, "/auth/sessions".to_owned()),
        (Method::DELETE, "/auth/sessions".to_owned()),
        (Method::DELETE, format!("/auth/sessions/{}", ada.id)),
        (Method::POST, "/auth/signing-keys/rotate".to_owned()),
        (Method::POST, "/auth/reauthenticate".to_owned()),
    ];
    for (method, path) in calls {
        let answer = client.request(method.clone(), &path).json(&json!({})).send().await;
        assert_eq!(
            (answer.status.as_u16(), answer.error_code().as_str()),
            (403, "FORBIDDEN"),
            "{method} {path}"
        );
    }
    assert_eq!(list(&ada).await.len(), 1);
}

/// profiles take a scope each, and the refusal names it.
#[tokio::test]
async fn a_key_without_the_scope_is_told_which_one_it_lacks() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let calls = [
        (Method::GET, "/users/me".to_owned(), "users:read"),
        (Method::GET, format!("/users/{}", ada.user_id), "users:read"),
        (Method::PATCH, "/users/me".to_owned(), "users:write"),
        (Method::PUT, "/users/me".to_owned(), "users:write"),
    ];
    let other = make(&ada.client, &["messages:read", "messages:write", "workspaces:admin"]).await;
    let other = by_key(&world, &other.text("/key")).await;
    for (method, path, scope) in calls {
        let key = make(&ada.client, &[scope]).await;
        let client = by_key(&world, &key.text("/key")).await;
        let allowed = client.request(method.clone(), &path).json(&json!({})).send().await;
        assert_eq!(allowed.status, 200, "{method} {path}: {allowed}");
        let refused = other.request(method, &path).json(&json!({})).send().await.expect(403);
        assert_eq!(refused.error_message(), format!("The API key lacks the scope `{scope}`."));
    }
}
