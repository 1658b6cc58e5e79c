//! Pictures of users, what a user has uploaded, and what is left of an erased one.

use bson::doc;
use colink_bus::{KafkaConfig, OutgoingEvent, Producer};
use colink_core::clock::{Clock, SystemClock};
use colink_core::id::{FileId, UserId};
use colink_events::files::FileDeleted;
use colink_events::users::UserErased;
use colink_events::{Cause, Topic};
use colink_telemetry::Metrics;
use colink_test::{Environment, SOON, TestUser, eventually};
use serde_json::json;

use crate::harness::{PNG, TEXT, World, browser};

const MIB: i64 = 1024 * 1024;

async fn claim(world: &World, user: &TestUser, file: &str) -> u16 {
    let path = format!("/internal/files/{file}/avatar");
    world.files.internal("auth").post(&path, &json!({ "user_id": user.id })).await.status.as_u16()
}

/// a picture is a confirmed image of one's own, of at most 5 MiB, that a browser may show.
#[tokio::test]
async fn only_an_image_of_ones_own_becomes_a_picture() {
    let world = World::start().await;
    let picture = world.uploaded(&world.alice, "a.png", "image/png", PNG).await;
    let link = format!("/internal/files/{picture}/avatar-url");
    let peer = world.files.internal("auth");
    peer.get(&link).await.expect(404);
    assert_eq!(claim(&world, &world.bob, &picture).await, 404);
    assert_eq!(claim(&world, &world.alice, &picture).await, 204);
    let answer = peer.get(&link).await.expect(200);
    let shown = browser().get(answer.text("/url")).send().await.unwrap();
    assert_eq!(shown.headers()["content-disposition"], "inline");
    assert_eq!(shown.bytes().await.unwrap(), PNG);
    assert_eq!(answer.value("/expires_in_s"), json!(300));

    world.set(&picture, doc! { "size": 5 * MIB }).await;
    assert_eq!(claim(&world, &world.alice, &picture).await, 204);
    peer.get(&link).await.expect(409);
    world.set(&picture, doc! { "size": 5 * MIB + 1 }).await;
    assert_eq!(claim(&world, &world.alice, &picture).await, 404);
    let pending = world.pending(&world.alice, "b.png", "image/png", PNG).await;
    let text = world.uploaded(&world.alice, "c.txt", "text/plain", TEXT).await;
    let drawing = world.uploaded(&world.alice, "d.png", "image/png", PNG).await;
    world.set(&drawing, doc! { "content_type": "image/svg+xml" }).await;
    for file in [pending, text, drawing, FileId::generate(&SystemClock).to_string()] {
        assert_eq!(claim(&world, &world.alice, &file).await, 404, "{file}");
    }
    world.client(&world.alice).delete(&format!("/files/{picture}")).await.expect(204);
    peer.get(&link).await.expect(404);
    only_services_ask(&world, &picture).await;
}

async fn only_services_ask(world: &World, picture: &str) {
    let alice = world.client(&world.alice);
    for path in
        [format!("/internal/files/{picture}/avatar-url"), format!("/internal/users/{}/files", world.alice.id)]
    {
        alice.get(&path).await.expect(401);
        world.files.anonymous().get(&path).await.expect(401);
    }
    let claim = json!({ "user_id": world.alice.id });
    alice.post(&format!("/internal/files/{picture}/avatar"), &claim).await.expect(401);
}

/// what a user has uploaded is listed with his confirmed files alone.
#[tokio::test]
async fn a_users_uploads_are_listed() {
    let world = World::start().await;
    let first = world.uploaded(&world.alice, "a.png", "image/png", PNG).await;
    let second = world.uploaded(&world.alice, "b.txt", "text/plain", TEXT).await;
    world.pending(&world.alice, "c.png", "image/png", PNG).await;
    world.uploaded(&world.bob, "d.txt", "text/plain", TEXT).await;
    let peer = world.files.internal("auth");
    let path = format!("/internal/users/{}/files", world.alice.id);
    let all = peer.get(&path).await.expect(200);
    assert_eq!((all.text("/files/0/id"), all.text("/files/1/id")), (first.clone(), second.clone()));
    assert_eq!((all.value("/files/2"), all.value("/next_after")), (json!(null), json!(null)));
    let rest = peer.get(&format!("{path}?after={first}")).await.expect(200);
    assert_eq!((rest.text("/files/0/id"), rest.value("/files/1")), (second, json!(null)));
}

async fn publish(world: &World, user_id: UserId) {
    let mut config = KafkaConfig::new(Environment::get().kafka());
    config.topic_prefix = world.stage.topic_prefix().to_owned();
    let producer = Producer::new(&config, &Metrics::new("test").unwrap()).unwrap();
    let event = UserErased { user_id, email_hash: None, at: SystemClock.timestamp() };
    producer.send(&OutgoingEvent::seal(&event, &Cause::default(), &SystemClock).unwrap()).await.unwrap();
}

/// an erased user's pictures go, former ones too; his unfinished uploads are given up; what he shared stays, and
/// so does everything of others. A repeat changes nothing.
#[tokio::test]
async fn pictures_go_with_their_user() {
    let world = World::start().await;
    let mut events = world.stage.probe(Topic::Files).await;
    let former = world.uploaded(&world.alice, "a.png", "image/png", PNG).await;
    let present = world.uploaded(&world.alice, "b.png", "image/png", PNG).await;
    let shared = world.uploaded(&world.alice, "c.png", "image/png", PNG).await;
    let pending = world.pending(&world.alice, "d.png", "image/png", PNG).await;
    let other = world.uploaded(&world.bob, "e.png", "image/png", PNG).await;
    for (user, file) in [(&world.alice, &former), (&world.alice, &present), (&world.bob, &other)] {
        assert_eq!(claim(&world, user, file).await, 204);
    }
    let status = async |id: &str| world.document(id).await.unwrap().get_str("status").unwrap().to_owned();
    for _ in 0..2 {
        publish(&world, world.alice.id).await;
        eventually("the last step is done", SOON, async || {
            (status(&pending).await == "expired").then_some(())
        })
        .await;
        assert_eq!([status(&former).await, status(&present).await], ["deleted", "deleted"]);
        assert_eq!([status(&shared).await, status(&other).await], ["uploaded", "uploaded"]);
    }
    events.await_event::<FileDeleted>(|event| event.file_id.to_string() == former).await;
    events.await_event::<FileDeleted>(|event| event.file_id.to_string() == present).await;
    let seen = world.client(&world.bob).get(&format!("/files/{shared}")).await.expect(200);
    assert!(!seen.json().to_string().contains(&world.alice.username), "{seen}");
}
