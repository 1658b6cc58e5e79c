use colink_events::Topic;
use colink_events::files::FileDeleted;
use colink_test::{Answer, SOON, Settings, TestUser, eventually};

use crate::harness::{TEXT, World, bucket};

async fn delete(world: &World, user: &TestUser, id: &str) -> Answer {
    world.client(user).delete(&format!("/files/{id}")).await
}

/// F-6: gone at once, bytes soon after, and the fleet hears of it.
#[tokio::test]
async fn a_deleted_file_is_gone_and_its_object_follows() {
    let world = World::with(Settings::new().set("files.sweep_every_ms", 50)).await;
    let mut events = world.stage.probe(Topic::Files).await;
    let id = world.uploaded(&world.alice, "diary.txt", "text/plain", TEXT).await;
    let key = world.object_key(&id).await;
    let _ = delete(&world, &world.alice, &id).await.expect(204);
    let _ = world.client(&world.alice).get(&format!("/files/{id}")).await.expect(404);
    let _ = delete(&world, &world.alice, &id).await.expect(404);

    let (event, envelope) = events.await_event::<FileDeleted>(|event| event.file_id.to_string() == id).await;
    assert_eq!(event.deleted_by, Some(world.alice.id));
    assert_eq!(envelope.actor.unwrap().user_id, Some(world.alice.id));
    let store = bucket().await;
    eventually("the object is removed", SOON, async || {
        store.head(&key).await.unwrap().is_none().then_some(())
    })
    .await;
    let document = world.document(&id).await.unwrap();
    assert_eq!(document.get_str("status").unwrap(), "deleted");
    world.files.finish().await;
}

/// F-5, C-5
#[tokio::test]
async fn only_the_uploader_and_moderators_delete() {
    let world = World::start().await;
    let id = world.uploaded(&world.alice, "diary.txt", "text/plain", TEXT).await;
    assert_eq!(delete(&world, &world.bob, &id).await.expect(403).error_code(), "FORBIDDEN");
    let _ = delete(&world, &world.carol, &id).await.expect(403);
    let _ = delete(&world, &world.eve, &id).await.expect(404);
    let _ = world.files.anonymous().delete(&format!("/files/{id}")).await.expect(401);
    world.channels.join(world.channel, world.bob.id, "moderator");
    let _ = delete(&world, &world.bob, &id).await.expect(204);
    world.files.finish().await;
}

/// An upload that nobody saw goes without an event.
#[tokio::test]
async fn a_pending_file_goes_quietly() {
    let world = World::start().await;
    let mut events = world.stage.probe(Topic::Files).await;
    let quiet = world.pending(&world.alice, "a.txt", "text/plain", TEXT).await;
    let _ = delete(&world, &world.bob, &quiet).await.expect(404);
    let _ = delete(&world, &world.alice, &quiet).await.expect(204);
    let loud = world.uploaded(&world.alice, "b.txt", "text/plain", TEXT).await;
    let _ = delete(&world, &world.alice, &loud).await.expect(204);
    events.await_event::<FileDeleted>(|event| event.file_id.to_string() == loud).await;
    assert!(!events.seen().iter().any(|envelope| envelope.data.get().contains(&quiet)));
    world.files.finish().await;
}
