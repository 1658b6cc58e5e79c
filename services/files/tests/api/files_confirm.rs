use bson::doc;
use bytes::Bytes;
use colink_core::clock::SystemClock;
use colink_core::id::FileId;
use colink_events::Topic;
use colink_events::files::FileUploaded;
use colink_test::eventually;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::harness::{PNG, TEXT, World, bucket, id_of, put};

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// F-1: a confirmed file is there for the channel, and the fleet hears of it once.
#[tokio::test]
async fn a_confirmed_upload_is_there_for_the_channel() {
    let world = World::start().await;
    let mut events = world.stage.probe(Topic::Files).await;
    let id = world.pending(&world.alice, "diary.txt", "text/plain", TEXT).await;
    let confirmed = world.confirm(&world.alice, &id).await.expect(200);
    assert_eq!(confirmed.text("/status"), "uploaded");
    assert_eq!(confirmed.text("/sha256"), sha256(TEXT));
    assert_eq!(
        world.client(&world.bob).get(&format!("/files/{id}")).await.expect(200).text("/filename"),
        "diary.txt"
    );

    let (event, envelope) = events.await_event::<FileUploaded>(|event| event.file.id.to_string() == id).await;
    assert_eq!((event.file.size, event.file.sha256.as_str()), (TEXT.len() as u64, sha256(TEXT).as_str()));
    assert_eq!(event.file.channel_id, world.channel.id);
    assert_eq!(envelope.workspace_id, Some(world.channel.workspace_id));
    assert_eq!(envelope.actor.unwrap().user_id, Some(world.alice.id));
    assert!(envelope.request_id.is_some());

    let again = world.confirm(&world.alice, &id).await.expect(200);
    assert_eq!(again.text("/confirmed_at"), confirmed.text("/confirmed_at"));
    eventually("the document has no events left", colink_test::SOON, async || {
        let document = world.document(&id).await.unwrap();
        let settled =
            document.get_array("pending_events").unwrap().is_empty() && !document.contains_key("relay_due");
        settled.then_some(())
    })
    .await;
    let seen = events.seen().iter().filter(|envelope| envelope.data.get().contains(&id)).count();
    assert_eq!(seen, 1);
    world.files.finish().await;
}

/// E-8: outside consumers find it on the topic of its name, too.
#[tokio::test]
async fn the_event_is_mirrored() {
    let world = World::start().await;
    let id = world.uploaded(&world.alice, "diary.txt", "text/plain", TEXT).await;
    let mut mirror =
        colink_test::KafkaProbe::of_topic(&format!("{}file.uploaded", world.stage.topic_prefix()));
    mirror.await_event::<FileUploaded>(|event| event.file.id.to_string() == id).await;
    world.files.finish().await;
}

/// F-1: what is missing or not what was agreed is not confirmed, and may be put right.
#[tokio::test]
async fn bytes_that_are_not_what_was_agreed_are_refused() {
    let world = World::start().await;
    let path = |id: &str| format!("/files/{id}/confirm");
    let ticket = world.ticket(&world.alice, "x.png", "image/png", TEXT.len()).await;
    let id = id_of(&ticket);
    assert_eq!(
        world.confirm(&world.alice, &id).await.expect(409).error_code(),
        "CONFLICT",
        "nothing uploaded"
    );

    assert!(put(&ticket, TEXT).await.is_success());
    let answer = world.confirm(&world.alice, &id).await.expect(400);
    assert_eq!(
        (answer.error_code().as_str(), answer.error_fields()),
        ("VALIDATION_ERROR", vec!["content_type".to_owned()])
    );

    let wrong = json!({ "sha256": sha256(b"something else") });
    let answer = world.client(&world.alice).post(&path(&id), &wrong).await.expect(400);
    assert_eq!(answer.error_fields(), ["content_type"], "the rest was not read");

    // The storage binds the size; whoever gets round it is caught here.
    let store = bucket().await;
    store.put(&world.upload_key(&id).await, Bytes::from_static(PNG), "image/png").await.unwrap();
    assert_eq!(world.confirm(&world.alice, &id).await.expect(400).error_fields(), ["size"]);
    assert_eq!(world.document(&id).await.unwrap().get_str("status").unwrap(), "pending");

    let good = world.pending(&world.alice, "x.png", "image/png", PNG).await;
    let _ = world.client(&world.alice).post(&path(&good), &wrong).await.expect(400);
    let right = json!({ "sha256": sha256(PNG).to_uppercase() });
    let _ = world.client(&world.alice).post(&path(&good), &right).await.expect(200);
    let _ = world.client(&world.alice).post(&path(&good), &wrong).await.expect(400);
    world.files.finish().await;
}

/// F-1: bytes of a wrong type are read only as far as the type shows, and only once; others are read anew.
#[tokio::test]
async fn a_wrong_type_is_read_once_and_not_to_its_end() {
    let world = World::start().await;
    let mut bytes = TEXT.repeat(100_000);
    let ticket = world.ticket(&world.alice, "x.png", "image/png", bytes.len()).await;
    let id = id_of(&ticket);
    assert!(put(&ticket, &bytes).await.is_success());
    assert_eq!(world.confirm(&world.alice, &id).await.expect(400).error_fields(), ["content_type"]);
    let document = world.document(&id).await.unwrap();
    let refused = document.get_document("refused").unwrap();
    assert!(refused.contains_key("etag") && !refused.contains_key("sha256"), "{refused}");

    // Whoever read the bytes now would find that they fit.
    world.set(&id, doc! { "content_type": "text/plain" }).await;
    assert_eq!(world.confirm(&world.alice, &id).await.expect(400).error_fields(), ["content_type"]);

    world.set(&id, doc! { "content_type": "image/png" }).await;
    bytes[..PNG.len()].copy_from_slice(PNG);
    assert!(put(&ticket, &bytes).await.is_success());
    let confirmed = world.confirm(&world.alice, &id).await.expect(200);
    assert_eq!(confirmed.text("/sha256"), sha256(&bytes));
    assert!(!world.document(&id).await.unwrap().contains_key("refused"));
    world.files.finish().await;
}

/// F-1: bytes that were refused for their checksum are known from then on.
#[tokio::test]
async fn a_wrong_checksum_is_not_computed_again() {
    let world = World::start().await;
    let id = world.pending(&world.alice, "diary.txt", "text/plain", TEXT).await;
    let path = format!("/files/{id}/confirm");
    let wrong = json!({ "sha256": sha256(b"something else") });
    assert_eq!(world.client(&world.alice).post(&path, &wrong).await.expect(400).error_fields(), ["sha256"]);
    let document = world.document(&id).await.unwrap();
    assert_eq!(document.get_document("refused").unwrap().get_str("sha256").unwrap(), sha256(TEXT));

    // Whoever read the bytes now would find another checksum.
    world.set(&id, doc! { "refused.sha256": sha256(b"made up") }).await;
    let right = json!({ "sha256": sha256(TEXT) });
    let _ = world.client(&world.alice).post(&path, &right).await.expect(400);
    world.set(&id, doc! { "refused.sha256": sha256(TEXT) }).await;
    let _ = world.client(&world.alice).post(&path, &right).await.expect(200);
    world.files.finish().await;
}

/// F-1: more confirmations than are read at a time are all answered.
#[tokio::test]
async fn many_confirmations_wait_for_each_other() {
    let world = World::start().await;
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..12 {
        let id = world.pending(&world.alice, &format!("{number}.txt"), "text/plain", TEXT).await;
        let client = world.client(&world.alice);
        waiting.spawn(async move { client.post(&format!("/files/{id}/confirm"), &json!({})).await });
    }
    for answer in waiting.join_all().await {
        let _ = answer.expect(200);
    }
    world.files.finish().await;
}

/// F-1: the checksum of the first request counts as well.
#[tokio::test]
async fn a_checksum_given_beforehand_is_compared() {
    let world = World::start().await;
    let body = json!({
        "filename": "a.txt", "content_type": "text/plain", "size": TEXT.len(), "channel_id": world.channel.id,
        "sha256": sha256(b"something else"),
    });
    let ticket = world.client(&world.alice).post("/files/upload-url", &body).await.expect(201).data();
    assert!(put(&ticket, TEXT).await.is_success());
    assert_eq!(world.confirm(&world.alice, &id_of(&ticket)).await.expect(400).error_fields(), ["sha256"]);
    world.files.finish().await;
}

/// F-5
#[tokio::test]
async fn only_the_uploader_confirms() {
    let world = World::start().await;
    let id = world.pending(&world.alice, "diary.txt", "text/plain", TEXT).await;
    let _ = world.confirm(&world.bob, &id).await.expect(404);
    let _ = world.confirm(&world.eve, &id).await.expect(404);
    let _ = world.confirm(&world.alice, &FileId::generate(&SystemClock).to_string()).await.expect(404);
    let _ = world.confirm(&world.alice, "nonsense").await.expect(400);
    let bad = world
        .client(&world.alice)
        .post(&format!("/files/{id}/confirm"), &json!({ "size": 1 }))
        .await
        .expect(400);
    assert_eq!(bad.error_code(), "INVALID_REQUEST");
    let bad = world
        .client(&world.alice)
        .post(&format!("/files/{id}/confirm"), &json!({ "sha256": "x" }))
        .await
        .expect(400);
    assert_eq!(bad.error_fields(), ["sha256"]);

    let without_body =
        world.client(&world.alice).request(reqwest::Method::POST, &format!("/files/{id}/confirm"));
    let _ = without_body.send().await.expect(200);
    assert_eq!(world.confirm(&world.bob, &id).await.expect(403).error_code(), "FORBIDDEN");
    let _ = world.client(&world.alice).delete(&format!("/files/{id}")).await.expect(204);
    let _ = world.confirm(&world.alice, &id).await.expect(404);
    world.files.finish().await;
}

/// F-1: of many confirmations at once one counts, and all are answered alike.
#[tokio::test]
async fn confirmations_at_once_make_one_event() {
    let world = World::start().await;
    let mut events = world.stage.probe(Topic::Files).await;
    let id = world.pending(&world.alice, "diary.txt", "text/plain", TEXT).await;
    let (one, two, three) = tokio::join!(
        world.confirm(&world.alice, &id),
        world.confirm(&world.alice, &id),
        world.confirm(&world.alice, &id)
    );
    for answer in [one, two, three] {
        assert_eq!(answer.expect(200).text("/status"), "uploaded");
    }
    let _ = world.client(&world.alice).delete(&format!("/files/{id}")).await.expect(204);
    events.await_event::<colink_events::files::FileDeleted>(|event| event.file_id.to_string() == id).await;
    let kinds: Vec<_> =
        events.seen().iter().filter(|e| e.data.get().contains(&id)).map(|e| e.kind.clone()).collect();
    assert_eq!(kinds, ["file.uploaded", "file.deleted"]);
    world.files.finish().await;
}
