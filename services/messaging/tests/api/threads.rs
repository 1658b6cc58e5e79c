use colink_events::Topic;
use colink_events::messages::{MessageCreated, ThreadUpdated};
use serde_json::{Value, json};

use crate::harness::World;

/// M-6, M-3: a reply takes two numbers, the message's and its thread's, and is listed under its root.
#[actix_web::test]
async fn a_reply_updates_its_thread() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada, &bob]).await;
    let mut events = world.stage.probe(Topic::Messages).await;
    let root = ada.says(channel, "root").await.text("/id");
    let reply = bob.replies(&root, "one").await;
    assert_eq!((reply.text("/thread_id"), reply.value("/seq")), (root.clone(), json!(2)));
    let body = json!({ "content": "two", "thread_id": root });
    let second = ada.post(channel, &body).await.expect(201);
    assert_eq!(second.value("/seq"), json!(4));

    let (event, _) =
        events.await_event::<ThreadUpdated>(|event| event.channel_id == channel && event.seq == 5).await;
    assert_eq!((event.reply_count, event.participants), (2, vec![bob.id(), ada.id()]));
    assert_eq!(event.last_reply_id.unwrap().to_string(), second.text("/id"));
    let (created, _) =
        events.await_event::<MessageCreated>(|event| event.0.seq == 2 && event.0.channel_id == channel).await;
    assert_eq!(created.0.thread_id.unwrap().to_string(), root);

    let path = format!("/messages/{root}/threads");
    let page = ada.client.get(&format!("{path}?limit=1")).await.expect(200);
    assert_eq!((page.text("/root/content"), page.text("/items/0/content")), ("root".into(), "one".into()));
    let next = ada.client.get(&format!("{path}?cursor={}", page.text("/next_cursor"))).await.expect(200);
    assert_eq!((next.text("/items/0/content"), next.value("/next_cursor")), ("two".into(), Value::Null));
    let history = ada.client.get(&format!("/channels/{channel}/messages")).await.expect(200);
    assert_eq!(history.value("/items").as_array().unwrap().len(), 1, "replies live in their thread");
    world.finish().await;
}

/// M-6: a thread hangs on the first message of its own channel, not on a reply and not elsewhere.
#[actix_web::test]
async fn replies_need_a_root_in_the_channel() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let (channel, other) = (world.public(&[&ada]).await, world.public(&[&ada]).await);
    let root = ada.says(channel, "root").await.text("/id");
    let reply = ada.replies(&root, "reply").await.text("/id");
    for (channel, root) in [(channel, &reply), (other, &root)] {
        let refused = ada.post(channel, &json!({ "content": "x", "thread_id": root })).await.expect(400);
        assert_eq!(refused.error_fields(), ["thread_id"]);
    }
    let alone = json!({ "content": "x", "also_in_channel": true });
    assert_eq!(ada.post(channel, &alone).await.expect(400).error_fields(), ["also_in_channel"]);
    assert_eq!(world.log(&ada, channel).await.len(), 3);
    assert_eq!(world.log(&ada, other).await.len(), 0);
    world.finish().await;
}
