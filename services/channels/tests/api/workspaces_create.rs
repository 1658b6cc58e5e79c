//! `POST /workspaces`.

use colink_core::role::{ChannelRole, WorkspaceRole};
use colink_events::Topic;
use colink_events::channels::{ChannelCreated, ChannelMemberAdded, MemberJoined, WorkspaceCreated};
use reqwest::Method;
use serde_json::json;

use crate::harness::{World, refuses, texts};

/// W-1: the creator owns the workspace and its `general`, and events tell all of it.
#[tokio::test]
async fn a_new_workspace_has_an_owner_and_a_general_channel() {
    let world = World::start().await;
    let ada = world.user("ada");
    let client = world.client(&ada);
    let slug = colink_test::unique();
    let made = client.post("/workspaces", &json!({ "name": " Engines ", "slug": slug })).await.expect(201);
    assert_eq!(made.text("/name"), "Engines");
    assert_eq!(made.text("/slug"), slug);
    assert_eq!(made.text("/role"), "owner");
    assert_eq!(made.text("/owner_id"), ada.id.to_string());
    let id = made.text("/id");

    let mine = client.get("/users/me/workspaces").await.expect(200);
    assert_eq!(texts(&mine, "/id"), [id.as_str()]);
    assert_eq!(mine.value("/total"), 1);
    let listed = client.get(&format!("/channels?workspace_id={id}")).await.expect(200);
    assert_eq!(texts(&listed, "/name"), ["general"]);
    assert_eq!(texts(&listed, "/role"), ["owner"]);

    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (created, envelope) =
        probe.await_event::<WorkspaceCreated>(|event| event.workspace.id.to_string() == id).await;
    assert_eq!((created.workspace.slug, created.workspace.version), (slug, 1));
    assert_eq!(envelope.actor.and_then(|actor| actor.user_id), Some(ada.id));
    assert!(envelope.request_id.is_some());
    let (joined, _) = probe.await_event::<MemberJoined>(|event| event.0.workspace_id.to_string() == id).await;
    assert_eq!((joined.0.user_id, joined.0.role, joined.0.version), (ada.id, WorkspaceRole::Owner, 1));
    let (general, _) =
        probe.await_event::<ChannelCreated>(|event| event.channel.workspace_id.to_string() == id).await;
    let (added, _) =
        probe.await_event::<ChannelMemberAdded>(|event| event.0.channel_id == general.channel.id).await;
    assert_eq!((added.0.user_id, added.0.role), (ada.id, ChannelRole::Owner));
}

/// W-1: a slug is unique; one that is made from the name evades, one that was chosen is refused.
#[tokio::test]
async fn slugs_are_unique() {
    let world = World::start().await;
    let client = world.client(&world.user("ada"));
    let slug = colink_test::unique();
    let first = client.post("/workspaces", &json!({ "name": slug })).await.expect(201);
    assert_eq!(first.text("/slug"), slug);
    let second = client.post("/workspaces", &json!({ "name": slug })).await.expect(201);
    assert!(second.text("/slug").starts_with(&format!("{slug}-")), "{second}");
    let third = client.post("/workspaces", &json!({ "name": "Other", "slug": slug })).await.expect(409);
    assert_eq!(third.error_code(), "ALREADY_EXISTS");
    assert_eq!(third.error_fields(), ["slug"]);
}

/// W-1: what cannot be read or accepted is named, all of it.
#[tokio::test]
async fn bad_bodies_are_refused() {
    let world = World::start().await;
    let client = world.client(&world.user("ada"));
    let long = format!(r#"{{"name":"{}"}}"#, "n".repeat(81));
    let cases: &[(&str, &str, &[&str])] = &[
        ("", "INVALID_REQUEST", &[]),
        ("{", "INVALID_REQUEST", &[]),
        (r#"{"name":1}"#, "INVALID_REQUEST", &["name"]),
        (r#"{"name":"a","colour":"red"}"#, "INVALID_REQUEST", &["colour"]),
        (r#"{"name":"a\u0000b"}"#, "INVALID_REQUEST", &["name"]),
        (r#"{"name":"a\ud800b"}"#, "INVALID_REQUEST", &[]),
        ("{}", "VALIDATION_ERROR", &["name"]),
        (r#"{"name":"  ","slug":"-a"}"#, "VALIDATION_ERROR", &["name", "slug"]),
        (r#"{"name":"a","slug":"A"}"#, "VALIDATION_ERROR", &["slug"]),
        (&long, "VALIDATION_ERROR", &["name"]),
    ];
    refuses(&client, "POST", "/workspaces", cases).await;
    client.post("/workspaces", &json!({ "name": "n".repeat(80) })).await.expect(201);
    assert_eq!(world.count("select count(*) from workspaces").await, 1);
}

/// A-4: without a good token there is nothing to be had.
#[tokio::test]
async fn a_good_token_is_needed() {
    let world = World::start().await;
    let body = json!({ "name": "Engines" });
    let anonymous = world.service.anonymous();
    assert_eq!(anonymous.post("/workspaces", &body).await.expect(401).error_code(), "UNAUTHORIZED");
    let mint = world.service.stage().identity().mint(&world.user("ada"));
    let expired = anonymous.bearer(&mint.clone().expired().sign());
    assert_eq!(expired.post("/workspaces", &body).await.expect(401).error_code(), "TOKEN_EXPIRED");
    let forged = anonymous.bearer(&mint.other_key().sign());
    assert_eq!(forged.post("/workspaces", &body).await.expect(401).error_code(), "TOKEN_INVALID");
}

/// W-1: the same key is the same workspace.
#[tokio::test]
async fn a_repeated_request_is_done_once() {
    let world = World::start().await;
    let client = world.client(&world.user("ada"));
    let send = |name: &'static str| {
        client
            .request(Method::POST, "/workspaces")
            .idempotency_key("k1")
            .json(&json!({ "name": name }))
            .send()
    };
    let first = send("Engines").await.expect(201);
    let again = send("Engines").await.expect(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.body, first.body);
    assert_eq!(send("Others").await.expect(422).error_code(), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(world.count("select count(*) from workspaces").await, 1);
}
