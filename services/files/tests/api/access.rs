use colink_events::Topic;
use colink_events::channels::AccessBypassed;
use serde_json::json;

use crate::harness::{TEXT, World};

/// C-5: a realm admin passes without membership, and never unseen.
#[tokio::test]
async fn a_realm_admin_passes_and_is_audited() {
    let world = World::start().await;
    let mut events = world.stage.probe(Topic::Channels).await;
    let root = world.stage.identity().admin("root");
    let id = world.uploaded(&world.alice, "diary.txt", "text/plain", TEXT).await;
    let client = world.client(&root);
    let _ = client.get(&format!("/files/{id}")).await.expect(200);
    let (event, envelope) = events.await_event::<AccessBypassed>(|event| event.user_id == root.id).await;
    assert_eq!((event.action.as_str(), event.channel_id), ("read_files", Some(world.channel.id)));
    assert_eq!(envelope.actor.unwrap().user_id, Some(root.id));

    let _ = client.delete(&format!("/files/{id}")).await.expect(204);
    events
        .await_event::<AccessBypassed>(|event| event.user_id == root.id && event.action == "delete_any_file")
        .await;
    world.files.finish().await;
}

/// where a second factor is asked for, a session that was not proven by one reaches no file; outside nothing is told.
#[tokio::test]
async fn a_workspace_that_asks_for_a_second_factor_is_closed() {
    let world = World::start().await;
    let id = world.uploaded(&world.alice, "diary.txt", "text/plain", TEXT).await;
    world.channels.require_mfa(world.channel.workspace_id);
    let in_workspace = format!("/files?workspace_id={}", world.channel.workspace_id);
    let in_channel = format!("/files?channel_id={}", world.channel.id);
    let (file, link) = (format!("/files/{id}"), format!("/files/{id}/download-url"));
    let mint = world.stage.identity().mint(&world.alice).claim("amr", json!(["pwd", "otp", "mfa"]));
    let proven = world.files.anonymous().bearer(&mint.sign());
    for path in [&in_workspace, &in_channel, &file, &link] {
        let answer = world.client(&world.alice).get(path).await.expect(401);
        assert_eq!(answer.error_code(), "MFA_REQUIRED", "{path}");
        let _ = proven.get(path).await.expect(200);
        let _ = world.client(&world.eve).get(path).await.expect(404);
    }
    let empty = world.client(&world.carol).get(&in_workspace).await.expect(401);
    assert_eq!(empty.error_code(), "MFA_REQUIRED");
    let _ = world.client(&world.alice).delete(&file).await.expect(401);
    let _ = proven.delete(&file).await.expect(204);
    world.files.finish().await;
}

/// The document describes every path, with an id for each operation.
#[tokio::test]
async fn the_document_names_every_operation() {
    let world = World::start().await;
    let document = world.files.anonymous().get("/openapi.json").await.expect(200).json();
    for (path, method, operation) in [
        ("/files/upload-url", "post", "request_upload"),
        ("/files/{file_id}/confirm", "post", "confirm_upload"),
        ("/files/{file_id}", "get", "get_file"),
        ("/files/{file_id}", "delete", "delete_file"),
        ("/files/{file_id}/download-url", "get", "request_download"),
        ("/files", "get", "list_files"),
    ] {
        assert_eq!(document["paths"][path][method]["operationId"], operation, "{path}");
    }
    world.files.finish().await;
}
