use std::sync::Arc;
use std::time::Duration;

use colink_core::clock::{Clock, ManualClock, SystemClock};
use colink_events::Topic;
use colink_events::files::{FileDeleted, FileUploaded};
use colink_test::{Environment, Settings, Stage, eventually};
use files::Files;

use crate::harness::{TEXT, World};

/// EVENTS: what was confirmed while the broker was away is published when it is back, also after a crash.
#[tokio::test]
async fn an_event_survives_an_outage_of_the_broker_and_a_crash() {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let settings = Settings::new().set("kafka.brokers", "127.0.0.1:1").clock(clock.clone());
    let mut world = World::with(settings).await;
    let id = world.uploaded(&world.alice, "diary.txt", "text/plain", TEXT).await;
    eventually("the relay has it", colink_test::SOON, async || {
        world.document(&id).await.unwrap().contains_key("relay_owner").then_some(())
    })
    .await;
    let _ = world.client(&world.alice).delete(&format!("/files/{id}")).await.expect(204);
    world.files.kill().await;

    // The lease of the dead owner ends by itself.
    clock.advance(Duration::from_secs(20));
    world.files.change("kafka.brokers", Environment::get().kafka());
    world.files.restart().await;
    let mut events = world.stage.probe(Topic::Files).await;
    events.await_event::<FileUploaded>(|event| event.file.id.to_string() == id).await;
    events.await_event::<FileDeleted>(|event| event.file_id.to_string() == id).await;
    let kinds: Vec<_> =
        events.seen().iter().filter(|e| e.data.get().contains(&id)).map(|e| e.kind.clone()).collect();
    assert_eq!(kinds, ["file.uploaded", "file.deleted"]);
    world.files.finish().await;
}

/// EVENTS: two replicas publish side by side; each file's events come in order, each once.
#[tokio::test]
async fn two_replicas_keep_the_order_of_each_file() {
    let world = World::start().await;
    let other = Stage::start::<Files>(
        &world.stage,
        Settings::new().set("internal.channels_url", world.channels.url()),
    )
    .await;
    let mut events = world.stage.probe(Topic::Files).await;
    let mut ids = Vec::new();
    for number in 0..12 {
        let id = world.uploaded(&world.alice, &format!("{number}.txt"), "text/plain", TEXT).await;
        let _ = other.client(&world.alice).delete(&format!("/files/{id}")).await.expect(204);
        ids.push(id);
    }
    for id in &ids {
        events.await_event::<FileDeleted>(|event| event.file_id.to_string() == *id).await;
    }
    for id in &ids {
        let kinds: Vec<_> =
            events.seen().iter().filter(|e| e.data.get().contains(id)).map(|e| e.kind.clone()).collect();
        assert_eq!(kinds, ["file.uploaded", "file.deleted"], "{id}");
    }
    other.finish().await;
    world.files.finish().await;
}
