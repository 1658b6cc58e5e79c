//! what programs write is marked as theirs.

use colink_core::clock::{Clock, SystemClock};
use colink_events::Topic;
use colink_events::messages::{MessageCreated, MessageUpdated};
use colink_events::users::{UserPayload, UserUpdated};
use serde_json::{Value, json};

use crate::harness::{Person, World};

/// A member who is a program, as the event of auth says.
async fn bot(world: &World) -> Person {
    let bot = world.person("bot").await;
    world
        .emit(&UserUpdated(UserPayload {
            user_id: bot.id(),
            username: bot.user.username.clone(),
            display_name: "Deploy bot".to_owned(),
            avatar_url: None,
            status: None,
            time_zone: None,
            bot: true,
            version: 2,
            at: SystemClock.timestamp(),
        }))
        .await;
    world.await_count("select count(*) from users where user_id = $1 and version = 2", bot.id(), 1).await;
    bot
}

/// A-11, M-9: a bot's messages, replies, edits and reactions say so, in answers, in the log and in events; a person's say
/// nothing of it.
#[actix_web::test]
async fn what_a_bot_writes_is_marked() {
    let world = World::new().await;
    let (ada, bot) = (world.person("ada").await, bot(&world).await);
    let channel = world.public(&[&ada, &bot]).await;
    let mut events = world.stage.probe(Topic::Messages).await;
    let sent = bot.says(channel, "deployed").await;
    assert_eq!(sent.value("/author/bot"), json!(true));
    let path = format!("/messages/{}", sent.text("/id"));
    let edited = bot.client.put(&path, &json!({ "content": "deployed v2" })).await.expect(200);
    assert_eq!(edited.value("/author/bot"), json!(true));
    assert_eq!(bot.replies(&sent.text("/id"), "all green").await.value("/author/bot"), json!(true));
    bot.client.post(&format!("{path}/reactions"), &json!({ "emoji": "👍" })).await.expect(201);
    let reactions = ada.client.get(&format!("{path}/reactions")).await.expect(200);
    assert_eq!(reactions.value("/items/0/user/bot"), json!(true));
    let person = ada.says(channel, "well done").await;
    assert_eq!(person.value("/author/bot"), Value::Null);

    let page = ada.client.get(&format!("/channels/{channel}/messages")).await.expect(200);
    let items = page.value("/items");
    let marked = |id: &str| {
        let item = items.as_array().unwrap().iter().find(|item| item["id"] == id).unwrap();
        item["author"].get("bot").cloned()
    };
    assert_eq!((marked(&sent.text("/id")), marked(&person.text("/id"))), (Some(json!(true)), None));
    let log = ada.client.get(&format!("/channels/{channel}/events?limit=500")).await.expect(200);
    assert_eq!(log.value("/events/0/data/author/bot"), json!(true));
    let of_channel = |id: colink_core::id::ChannelId| id == channel;
    let (created, _) = events.await_event::<MessageCreated>(|event| of_channel(event.0.channel_id)).await;
    let (updated, _) = events.await_event::<MessageUpdated>(|event| of_channel(event.0.channel_id)).await;
    assert!(created.0.author.bot && updated.0.author.bot);
    world.finish().await;
}

/// A-11, E-5: an author that was stored before bots were marked is read as a person's.
#[actix_web::test]
async fn an_author_of_before_is_read() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let summary = json!({ "id": ada.id(), "username": "ada", "display_name": "Ada" }).to_string();
    sqlx::query("update users set summary = $2 where user_id = $1")
        .bind(ada.id().as_uuid())
        .bind(summary)
        .execute(world.db())
        .await
        .unwrap();
    let sent = ada.says(channel, "hi").await;
    let path = format!("/messages/{}", sent.text("/id"));
    let edited = ada.client.put(&path, &json!({ "content": "hello" })).await.expect(200);
    assert_eq!(edited.value("/author/bot"), Value::Null);
    world.finish().await;
}
