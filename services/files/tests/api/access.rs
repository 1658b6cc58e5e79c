use colink_events::Topic;
use colink_events::channels::AccessBypassed;

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
