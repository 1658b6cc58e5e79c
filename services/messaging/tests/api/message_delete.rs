use colink_core::role::ChannelRole;
use colink_events::Topic;
use colink_events::messages::MessageDeleted;
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
