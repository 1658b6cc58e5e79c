use colink_events::Topic;
use colink_events::messages::{Mention, MessageUpdated};
use reqwest::Method;
use serde_json::json;

use crate::harness::World;

/// M-4, M-3, M-8: an edit changes text, mentions and log, and keeps the earlier wording.
#[actix_web::test]
async fn an_edit_keeps_the_earlier_wording() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada, &bob]).await;
    let mut events = world.stage.probe(Topic::Messages).await;
    let id = ada.says(channel, "frist").await.text("/id");
    let path = format!("/messages/{id}");
    let second = format!("first @{}", bob.user.username);
    let edited = ada.client.put(&path, &json!({ "content": second })).await.expect(200);
    assert_eq!((edited.text("/content"), edited.value("/seq")), (second.clone(), json!(1)));
    assert!(!edited.text("/edited_at").is_empty());
    ada.client.patch(&path, &json!({ "content": "third" })).await.expect(200);
    ada.client.patch(&path, &json!({ "content": "third" })).await.expect(200);

    let edits = bob.client.get(&format!("{path}/edits")).await.expect(200);
    assert_eq!((edits.text("/items/0/content"), edits.text("/items/1/content")), (second, "frist".into()));
    let first = bob.client.get(&format!("{path}/edits?limit=1")).await.expect(200);
    let rest =
        bob.client.get(&format!("{path}/edits?cursor={}", first.text("/next_cursor"))).await.expect(200);
    assert_eq!(rest.text("/items/0/content"), "frist");
    let log = world.log(&ada, channel).await;
    assert_eq!(log.len(), 3, "the same text again is no change");
    let (event, _) = events.await_event::<MessageUpdated>(|event| event.0.channel_id == channel).await;
    assert_eq!((event.0.seq, event.0.mentions), (2, vec![Mention::User { user_id: bob.id() }]));
    assert!(event.0.edited_at.is_some());
    world.finish().await;
}

/// M-4: only the author, only in time, only on the version he has read.
#[actix_web::test]
async fn edits_are_refused_to_others_and_too_late() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada, &bob]).await;
    let id = ada.says(channel, "mine").await.text("/id");
    let path = format!("/messages/{id}");
    let body = json!({ "content": "yours" });
    bob.client.put(&path, &body).await.expect(403);
    world.stranger("eve").await.client.put(&path, &body).await.expect(404);
    let tag = ada.client.get(&path).await.expect(200).header("etag").unwrap().to_owned();
    let guarded = || ada.client.request(Method::PUT, &path).header("If-Match", &tag).json(&body).send();
    guarded().await.expect(200);
    assert_eq!(guarded().await.expect(412).error_code(), "PRECONDITION_FAILED");
    sqlx::query("update messages set created_at = created_at - interval '61 minutes'")
        .execute(world.db())
        .await
        .unwrap();
    let late = ada.client.put(&path, &json!({ "content": "late" })).await.expect(403);
    assert!(late.error_message().contains("too old"));
    assert_eq!(world.log(&ada, channel).await.len(), 2);
    world.finish().await;
}

/// M-4: the window can be switched off.
#[actix_web::test]
async fn without_a_window_edits_are_always_taken() {
    let world = World::with(colink_test::Settings::new().set("messaging.edit_window_s", 0)).await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let id = ada.says(channel, "old").await.text("/id");
    sqlx::query("update messages set created_at = created_at - interval '400 days'")
        .execute(world.db())
        .await
        .unwrap();
    ada.client.put(&format!("/messages/{id}"), &json!({ "content": "new" })).await.expect(200);
    world.finish().await;
}
