use colink_events::Topic;
use colink_events::messages::{ReactionAdded, ReactionRemoved};
use colink_test::Settings;
use serde_json::json;

use crate::harness::World;

/// M-7: add, refuse twice, list, take back by emoji and by id; each is in the log once.
#[actix_web::test]
async fn reactions_come_and_go() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada, &bob]).await;
    let mut events = world.stage.probe(Topic::Messages).await;
    let id = ada.says(channel, "x").await.text("/id");
    let path = format!("/messages/{id}/reactions");
    let first = ada.client.post(&path, &json!({ "emoji": "👍" })).await.expect(201);
    assert_eq!((first.text("/emoji"), first.value("/count")), ("👍".into(), json!(1)));
    let twice = ada.client.post(&path, &json!({ "emoji": ":thumbsup:" })).await.expect(409);
    assert_eq!(twice.error_code(), "ALREADY_EXISTS");
    let second = bob.client.post(&path, &json!({ "emoji": "👍" })).await.expect(201);
    assert_eq!(second.value("/count"), json!(2));
    let listed = bob.client.get(&path).await.expect(200);
    assert_eq!(listed.text("/items/0/user/username"), ada.user.username);
    let rest = bob.client.get(&format!("{path}?limit=1")).await.expect(200).text("/next_cursor");
    let rest = bob.client.get(&format!("{path}?cursor={rest}")).await.expect(200);
    assert_eq!(rest.text("/items/0/id"), second.text("/id"));

    bob.client.delete(&format!("/reactions/{}", first.text("/id"))).await.expect(403);
    ada.client.delete(&format!("{path}/%F0%9F%91%8D")).await.expect(204);
    ada.client.delete(&format!("{path}/%F0%9F%91%8D")).await.expect(404);
    bob.client.delete(&format!("/reactions/{}", second.text("/id"))).await.expect(204);
    bob.client.delete(&format!("/reactions/{}", second.text("/id"))).await.expect(404);

    let (added, _) =
        events.await_event::<ReactionAdded>(|event| event.0.channel_id == channel && event.0.seq == 3).await;
    assert_eq!((added.0.count, added.0.user_id), (2, bob.id()));
    let (gone, _) = events
        .await_event::<ReactionRemoved>(|event| event.0.channel_id == channel && event.0.seq == 4)
        .await;
    assert_eq!((gone.0.count, gone.0.id.to_string()), (1, first.text("/id")));
    assert_eq!(world.log(&ada, channel).await.len(), 5, "no refusal took a number");
    world.finish().await;
}

/// M-7: one emoji of the Unicode set, and only so many different ones.
#[actix_web::test]
async fn reactions_are_emoji_and_limited() {
    let world = World::with(Settings::new().set("messaging.max_reactions", 2)).await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada, &bob]).await;
    let id = ada.says(channel, "x").await.text("/id");
    let path = format!("/messages/{id}/reactions");
    for bad in ["", "a", "👍👍", ":no_such_emoji:", "<b>"] {
        let refused = ada.client.post(&path, &json!({ "emoji": bad })).await.expect(400);
        assert_eq!(refused.error_fields(), ["emoji"], "{bad}");
    }
    for emoji in ["👍", "👨‍👩‍👧‍👦"] {
        ada.client.post(&path, &json!({ "emoji": emoji })).await.expect(201);
    }
    assert_eq!(ada.client.post(&path, &json!({ "emoji": "🎉" })).await.expect(409).error_code(), "CONFLICT");
    bob.client.post(&path, &json!({ "emoji": "👍" })).await.expect(201);
    world.finish().await;
}
