//! `GET/PUT/DELETE /workspaces/{id}`.

use colink_events::Topic;
use colink_events::channels::{AccessBypassed, WorkspaceDeleted, WorkspaceUpdated};
use reqwest::Method;
use serde_json::json;

use crate::harness::{World, refuses, texts};

/// W-1, W-3: a workspace is read by its members; for others it does not exist.
#[tokio::test]
async fn outside_a_workspace_it_does_not_exist() {
    let world = World::start().await;
    let (ada, eve) = (world.user("ada"), world.user("eve"));
    let id = world.workspace(&ada).await;
    world.client(&ada).get(&format!("/workspaces/{id}")).await.expect(200);
    let outside = world.client(&eve);
    for path in ["", "/members", "/invites"] {
        let path = format!("/workspaces/{id}{path}");
        assert_eq!(outside.get(&path).await.expect(404).error_code(), "NOT_FOUND");
    }
    let unknown = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a";
    let (foreign, missing) = (
        outside.get(&format!("/workspaces/{id}")).await.expect(404),
        outside.get(&format!("/workspaces/{unknown}")).await.expect(404),
    );
    assert_eq!(foreign.error_message(), missing.error_message());
    outside.put(&format!("/workspaces/{id}"), &json!({ "name": "Mine" })).await.expect(404);
    outside.delete(&format!("/workspaces/{id}")).await.expect(404);
    outside.post(&format!("/workspaces/{id}/leave"), &json!({})).await.expect(404);
    let malformed = outside.get("/workspaces/nonsense").await.expect(400);
    assert_eq!(malformed.error_fields(), ["workspace_id"]);
}

/// W-1: admins change it, members do not; a stale tag is refused.
#[tokio::test]
async fn an_update_is_for_admins_and_guarded_by_its_tag() {
    let world = World::start().await;
    let ada = world.user("ada");
    let id = world.workspace(&ada).await;
    let grace = world.member(&ada, &id, "grace", "admin").await;
    let alan = world.member(&ada, &id, "alan", "member").await;
    let path = format!("/workspaces/{id}");
    world.client(&alan).put(&path, &json!({ "name": "Mine" })).await.expect(403);

    let client = world.client(&grace);
    let tag = client.get(&path).await.expect(200).header("etag").expect("a tag").to_owned();
    client.request(Method::GET, &path).header("if-none-match", &tag).send().await.expect(304);
    let slug = colink_test::unique();
    let update = |tag: &str| {
        let body = json!({ "name": "Difference Engines", "slug": slug });
        client.request(Method::PATCH, &path).header("if-match", tag).json(&body).send()
    };
    let updated = update(&tag).await.expect(200);
    assert_eq!(
        (updated.text("/name"), updated.text("/slug")),
        ("Difference Engines".to_owned(), slug.clone())
    );
    assert_eq!(update(&tag).await.expect(412).error_code(), "PRECONDITION_FAILED");
    client.put(&path, &json!({ "slug": slug })).await.expect(200);
    assert_eq!(world.count("select version from workspaces").await, 2, "no change, no version");

    let taken =
        world.client(&ada).post("/workspaces", &json!({ "name": "x" })).await.expect(201).text("/slug");
    let clash = client.put(&path, &json!({ "slug": taken })).await.expect(409);
    assert_eq!(clash.error_fields(), ["slug"]);
    let cases: &[(&str, &str, &[&str])] = &[
        (r#"{"name":"","slug":"x"}"#, "VALIDATION_ERROR", &["name", "slug"]),
        (r#"{"owner_id":"x"}"#, "INVALID_REQUEST", &["owner_id"]),
    ];
    refuses(&client, "PUT", &path, cases).await;
    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (event, _) =
        probe.await_event::<WorkspaceUpdated>(|event| event.workspace.id.to_string() == id).await;
    assert_eq!((event.workspace.slug, event.workspace.version), (slug, 2));
}

/// W-1: only an owner deletes; everything in it is closed, and its slug is free.
#[tokio::test]
async fn a_deleted_workspace_is_closed() {
    let world = World::start().await;
    let ada = world.user("ada");
    let id = world.workspace(&ada).await;
    let grace = world.member(&ada, &id, "grace", "admin").await;
    let general = world.general(&ada, &id).await;
    let (path, client) = (format!("/workspaces/{id}"), world.client(&ada));
    let slug = client.get(&path).await.expect(200).text("/slug");
    world.client(&grace).delete(&path).await.expect(403);
    client.delete(&path).await.expect(204);
    client.get(&path).await.expect(404);
    client.delete(&path).await.expect(404);
    client.get(&format!("/channels/{general}")).await.expect(404);
    client.get(&format!("/channels?workspace_id={id}")).await.expect(404);
    assert!(texts(&client.get("/workspaces").await.expect(200), "/id").is_empty());
    client.post("/workspaces", &json!({ "name": "Again", "slug": slug })).await.expect(201);
    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (event, _) =
        probe.await_event::<WorkspaceDeleted>(|event| event.workspace.id.to_string() == id).await;
    assert!(event.workspace.deleted_at.is_some());
}

/// C-3: a realm admin passes without membership, and each time is audited.
#[tokio::test]
async fn a_realm_admin_passes_and_is_audited() {
    let world = World::start().await;
    let (ada, root) = (world.user("ada"), world.admin("root"));
    let id = world.workspace(&ada).await;
    let secret = world.channel(&ada, &id, "secret", "private").await;
    let client = world.client(&root);
    let seen = client.get(&format!("/workspaces/{id}")).await.expect(200);
    assert!(seen.value("/role").is_null());
    client.get(&format!("/channels/{secret}")).await.expect(200);
    client.put(&format!("/workspaces/{id}"), &json!({ "name": "Renamed" })).await.expect(200);
    client.post(&format!("/workspaces/{id}/leave"), &json!({})).await.expect(403);
    client.post(&format!("/channels/{secret}/join"), &json!({})).await.expect(403);

    let mut probe = world.service.stage().probe(Topic::Channels).await;
    for (action, in_channel) in
        [("view_workspace", false), ("view_channel", true), ("update_workspace", false)]
    {
        let (event, _) = probe
            .await_event::<AccessBypassed>(|event| event.user_id == root.id && event.action == action)
            .await;
        assert_eq!(event.workspace_id.map(|id| id.to_string()).as_deref(), Some(id.as_str()));
        assert_eq!(event.channel_id.is_some(), in_channel);
    }
    assert!(!probe.seen().iter().any(|event| {
        event.kind == "access.bypassed"
            && event.actor.as_ref().and_then(|actor| actor.user_id) == Some(ada.id)
    }));
}

/// W-1: the list is paged, and its bounds are checked.
#[tokio::test]
async fn my_workspaces_come_in_pages() {
    let world = World::start().await;
    let ada = world.user("ada");
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(world.workspace(&ada).await);
    }
    let client = world.client(&ada);
    let first = client.get("/workspaces?page_size=2").await.expect(200);
    let second = client.get("/workspaces?page_size=2&page=2").await.expect(200);
    assert_eq!([texts(&first, "/id"), texts(&second, "/id")].concat(), ids);
    assert_eq!((first.value("/total"), first.value("/pages")), (json!(3), json!(2)));
    assert_eq!(client.get("/workspaces?page=9").await.expect(200).value("/total"), 3);
    let refused = client.get("/workspaces?page=0&page_size=101").await.expect(400);
    assert_eq!(refused.error_fields(), ["page", "page_size"]);
    assert_eq!(client.get("/workspaces?size=1").await.expect(400).error_code(), "INVALID_REQUEST");
}
