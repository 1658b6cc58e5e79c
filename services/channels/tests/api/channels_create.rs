//! `POST /channels`.

use colink_core::role::ChannelKind;
use colink_events::Topic;
use colink_events::channels::ChannelCreated;
use serde_json::json;

use crate::harness::{World, refuses};

/// C-1, C-2: a channel has a name, a slug and an owner; the event tells all of it.
#[tokio::test]
async fn a_channel_belongs_to_its_creator() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let body =
        json!({ "name": "Café Crème", "kind": "private", "topic": "Beans", "description": "All\nof it" });
    let client = world.client(&ada).with_header("x-workspace-id", &workspace);
    let made = client.post("/channels", &body).await.expect(201);
    assert_eq!((made.text("/slug"), made.text("/kind")), ("cafe-creme".to_owned(), "private".to_owned()));
    assert_eq!((made.text("/role"), made.value("/archived")), ("owner".to_owned(), json!(false)));
    let id = made.text("/id");
    let read = client.get(&format!("/channels/{id}")).await.expect(200);
    assert_eq!(read.value(""), made.value(""));
    assert_eq!(read.header("etag"), made.header("etag"));
    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (event, envelope) =
        probe.await_event::<ChannelCreated>(|event| event.channel.id.to_string() == id).await;
    assert_eq!((event.channel.kind, event.channel.version), (ChannelKind::Private, 1));
    assert_eq!(event.channel.topic.as_deref(), Some("Beans"));
    assert_eq!(envelope.workspace_id.map(|id| id.to_string()), Some(workspace));
}

/// C-1: names that look alike are one name in a workspace, archived ones included; elsewhere they are free.
#[tokio::test]
async fn slugs_are_unique_in_a_workspace() {
    let world = World::start().await;
    let ada = world.user("ada");
    let (one, other) = (world.workspace(&ada).await, world.workspace(&ada).await);
    let client = world.client(&ada);
    let id = world.channel(&ada, &one, "Release Notes", "public").await;
    client.delete(&format!("/channels/{id}")).await.expect(204);
    let body = json!({ "workspace_id": one, "name": "release-notes", "is_private": true });
    let clash = client.post("/channels", &body).await.expect(409);
    assert_eq!(
        (clash.error_code(), clash.error_fields()),
        ("ALREADY_EXISTS".to_owned(), vec!["name".to_owned()])
    );
    world.channel(&ada, &other, "release notes", "public").await;
}

/// W-3: the workspace is named once, or in agreement; never guessed.
#[tokio::test]
async fn the_workspace_must_be_named() {
    let world = World::start().await;
    let ada = world.user("ada");
    let (one, other) = (world.workspace(&ada).await, world.workspace(&ada).await);
    let client = world.client(&ada);
    let nameless = client.post("/channels", &json!({ "name": "engines" })).await.expect(400);
    assert_eq!(nameless.error_code(), "WORKSPACE_REQUIRED");
    assert_eq!(client.get("/channels").await.expect(400).error_code(), "WORKSPACE_REQUIRED");
    let here = client.with_header("x-workspace-id", &one);
    let body = json!({ "name": "engines", "workspace_id": other });
    assert_eq!(here.post("/channels", &body).await.expect(400).error_code(), "VALIDATION_ERROR");
    here.get(&format!("/channels?workspace_id={other}")).await.expect(400);
    here.post("/channels", &json!({ "name": "engines", "workspace_id": one })).await.expect(201);
    let outside = world.client(&world.user("eve")).with_header("x-workspace-id", &one);
    outside.post("/channels", &json!({ "name": "spying" })).await.expect(404);
    outside.get("/channels").await.expect(404);
}

/// C-1: bounds and contradictions are named, all of them.
#[tokio::test]
async fn bad_bodies_are_refused() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let client = world.client(&ada).with_header("x-workspace-id", &workspace);
    let long = json!({ "name": "n".repeat(81), "topic": "t".repeat(251), "description": "d".repeat(1001) });
    let long = long.to_string();
    let cases: &[(&str, &str, &[&str])] = &[
        ("", "INVALID_REQUEST", &[]),
        ("[]", "INVALID_REQUEST", &["body"]),
        ("{}", "VALIDATION_ERROR", &["name"]),
        (r#"{"name":"ab"}"#, "VALIDATION_ERROR", &["name"]),
        (&long, "VALIDATION_ERROR", &["name", "topic", "description"]),
        (r#"{"name":"abc","kind":"dm"}"#, "VALIDATION_ERROR", &["kind"]),
        (r#"{"name":"abc","kind":"public","is_private":true}"#, "VALIDATION_ERROR", &["is_private"]),
        (r#"{"name":"abc","topic":"a\nb"}"#, "VALIDATION_ERROR", &["topic"]),
        (r#"{"name":"abc","workspace_id":"x"}"#, "INVALID_REQUEST", &["workspace_id"]),
        (r#"{"name":"abc","members":[]}"#, "INVALID_REQUEST", &["members"]),
    ];
    refuses(&client, "POST", "/channels", cases).await;
    let longest =
        json!({ "name": "n".repeat(80), "topic": "t".repeat(250), "description": "d".repeat(1000) });
    client.post("/channels", &longest).await.expect(201);
    client.post("/channels", &json!({ "name": "abc" })).await.expect(201);
}

/// C-8: a guest creates nothing.
#[tokio::test]
async fn guests_create_no_channels() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let gus = world.member(&ada, &workspace, "gus", "guest").await;
    let body = json!({ "workspace_id": workspace, "name": "guests" });
    world.client(&gus).post("/channels", &body).await.expect(403);
}
