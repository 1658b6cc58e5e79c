use colink_core::clock::SystemClock;
use colink_core::id::FileId;
use colink_core::role::ChannelRole;
use colink_events::Topic;
use colink_events::messages::{MessageDeleted, MessagePayload};
use serde_json::{Value, json};

use crate::harness::World;

/// M-5: the author deletes; what was said is gone from the API and kept in the store.
#[actix_web::test]
async fn a_deleted_message_says_nothing() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada, &bob]).await;
    let mut events = world.stage.probe(Topic::Messages).await;
    let id = ada.says(channel, &format!("secret @{}", bob.user.username)).await.text("/id");
    let path = format!("/messages/{id}");
    bob.client.delete(&path).await.expect(403);
    ada.client.delete(&path).await.expect(204);
    ada.client.delete(&path).await.expect(404);

    let shown = bob.client.get(&path).await.expect(200);
    assert_eq!((shown.text("/content"), shown.text("/content_html")), (String::new(), String::new()));
    assert_eq!(shown.value("/mentions"), json!([]));
    assert_ne!(shown.value("/deleted_at"), Value::Null);
    ada.client.put(&path, &json!({ "content": "x" })).await.expect(404);
    ada.client.get(&format!("{path}/edits")).await.expect(404);
    ada.client.post(&format!("{path}/reactions"), &json!({ "emoji": "👍" })).await.expect(404);
    ada.client.post(&format!("{path}/threads"), &json!({ "content": "x" })).await.expect(400);

    let kept = "select count(*) from messages where id = $1 and content like 'secret%'";
    assert_eq!(world.count(kept, id.parse::<uuid::Uuid>().unwrap()).await, 1);
    let (event, _) = events.await_event::<MessageDeleted>(|event| event.channel_id == channel).await;
    assert_eq!((event.seq, event.deleted_by, event.author_id), (2, ada.id(), ada.id()));
    world.finish().await;
}

/// M-5, M-10: the log keeps every number of a deleted message and nothing of what it said, for members and for presence.
#[actix_web::test]
async fn the_log_forgets_what_a_deleted_message_said() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada, &bob]).await;
    let (file, said) = (FileId::generate(&SystemClock), format!("secret @{}", bob.user.username));
    let body = json!({ "content": said, "file_ids": [file], "client_msg_id": "c-1" });
    let sent = ada.post(channel, &body).await.expect(201);
    let id = sent.text("/id");
    let path = format!("/messages/{id}");
    let edited = ada.client.put(&path, &json!({ "content": format!("{said} 2") })).await.expect(200);
    ada.says(channel, "kept").await;
    let reply = ada.replies(&id, "secret reply").await.text("/id");
    ada.client.delete(&path).await.expect(204);
    ada.client.delete(&format!("/messages/{reply}")).await.expect(204);

    let log = bob.client.get(&format!("/channels/{channel}/events?after=0")).await.expect(200);
    let resumed = format!("/internal/channels/{channel}/events?after=0&limit=500");
    let resumed = world.messaging.internal("presence").get(&resumed).await.expect(200);
    assert_eq!(resumed.value("/events"), log.value("/events"));
    assert!(!log.json().to_string().contains("secret"), "{log}");
    let types = [0, 1, 2, 3].map(|n| log.text(&format!("/events/{n}/type")));
    assert_eq!(types, ["message.created", "message.updated", "message.created", "message.created"]);
    for (n, seq) in [(0, 1), (1, 2), (3, 4)] {
        let data = log.value(&format!("/events/{n}/data"));
        assert_eq!((&data["content"], &data["content_html"]), (&json!(""), &json!("")));
        assert_eq!((&data["file_ids"], &data["mentions"]), (&json!([]), &json!([])));
        assert_eq!((&data["seq"], &data["author"]["id"]), (&json!(seq), &json!(ada.id())));
        serde_json::from_value::<MessagePayload>(data).unwrap();
    }
    assert_eq!(log.value("/events/0/data/created_at"), sent.value("/created_at"));
    assert_eq!(log.value("/events/1/data/edited_at"), edited.value("/edited_at"));
    assert_eq!(log.text("/events/1/data/client_msg_id"), "c-1");
    assert_eq!(log.text("/events/2/data/content"), "kept");
    world.finish().await;
}

/// M-5, C-3: who keeps order deletes what others wrote, replies too.
#[actix_web::test]
async fn moderators_delete_and_threads_count_anew() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let boss = world.person_as("boss", colink_core::role::WorkspaceRole::Admin).await;
    let channel = world.public(&[&ada, &bob]).await;
    world.promote(channel, &ada, ChannelRole::Moderator).await;
    let root = bob.says(channel, "root").await.text("/id");
    let first = bob.replies(&root, "1").await.text("/id");
    let second = ada.replies(&root, "2").await.text("/id");
    ada.client.delete(&format!("/messages/{first}")).await.expect(204);
    let shown = bob.client.get(&format!("/messages/{root}")).await.expect(200);
    assert_eq!(shown.value("/thread/reply_count"), json!(1));
    assert_eq!(shown.value("/thread/participants"), json!([ada.id()]));
    boss.client.delete(&format!("/messages/{second}")).await.expect(204);
    let shown = bob.client.get(&format!("/messages/{root}")).await.expect(200);
    assert_eq!(shown.value("/thread"), Value::Null);
    let types: Vec<String> = world.log(&bob, channel).await.into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(types[5..], ["message.deleted", "thread.updated", "message.deleted", "thread.updated"]);
    world.finish().await;
}
