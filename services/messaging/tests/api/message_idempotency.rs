use colink_core::role::ChannelKind;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::harness::World;

/// M-2: a retry gets the first message, also when it has been edited since; another body under the key is refused.
#[actix_web::test]
async fn a_key_is_one_message() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let other = world.public(&[&ada]).await;
    let body = json!({ "content": "once", "client_msg_id": "k-1" });
    let first = ada.post(channel, &body).await.expect(201);
    let again = ada.post(channel, &body).await.expect(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.value(""), first.value(""));
    ada.client
        .put(&format!("/messages/{}", first.text("/id")), &json!({ "content": "new" }))
        .await
        .expect(200);
    assert_eq!(ada.post(channel, &body).await.expect(200).text("/content"), "new");

    for (channel, body) in [
        (channel, json!({ "content": "twice", "client_msg_id": "k-1" })),
        (channel, json!({ "content": "once", "client_msg_id": "k-1", "thread_id": first.text("/id") })),
        (other, body.clone()),
    ] {
        assert_eq!(ada.post(channel, &body).await.expect(422).error_code(), "IDEMPOTENCY_KEY_REUSED");
    }
    assert_eq!(world.log(&ada, channel).await.len(), 2);
    assert_eq!(world.log(&ada, other).await.len(), 0);
    world.finish().await;
}

/// M-2, C-5: whoever may no longer read a message is not answered with it, whatever key he repeats.
#[actix_web::test]
async fn a_key_opens_nothing_to_a_removed_member() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.channel(ChannelKind::Private, &[&ada, &bob]).await;
    let body = json!({ "content": "mine", "client_msg_id": "k-1" });
    let id = bob.post(channel, &body).await.expect(201).text("/id");
    let reply = json!({ "content": "mine too", "client_msg_id": "k-2", "thread_id": id });
    bob.post(channel, &reply).await.expect(201);
    world.remove(channel, &bob).await;
    bob.post(channel, &reply).await.expect(403);
    ada.client.post(&format!("/messages/{id}/reactions"), &json!({ "emoji": "👍" })).await.expect(201);
    let refused = bob.post(channel, &body).await.expect(403);
    assert!(!refused.json().to_string().contains("👍"), "{refused}");
    world.finish().await;
}

/// M-2: a repeated key is a question about the past: it is answered in an archived channel too.
#[actix_web::test]
async fn a_key_is_answered_in_an_archived_channel() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let body = json!({ "content": "once", "client_msg_id": "k-1" });
    let id = ada.post(channel, &body).await.expect(201).text("/id");
    let thread = format!("/messages/{id}/threads");
    let reply = json!({ "content": "a reply", "client_msg_id": "k-2" });
    let replied = ada.client.post(&thread, &reply).await.expect(201).text("/id");
    world.archive(channel).await;
    assert_eq!(ada.post(channel, &body).await.expect(200).text("/id"), id);
    let again = ada.client.post(&thread, &reply).await.expect(200);
    assert_eq!((again.text("/id"), again.header("idempotent-replayed")), (replied, Some("true")));
    ada.client.post(&thread, &json!({ "content": "a reply" })).await.expect(403);
    ada.post(channel, &json!({ "content": "once" })).await.expect(403);
    world.finish().await;
}

/// M-2: the header is a key of its own, and a key is the sender's.
#[actix_web::test]
async fn the_header_is_a_key_too() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada, &bob]).await;
    let path = format!("/channels/{channel}/messages");
    let send = async |client: &colink_test::Client, key: &str, body: serde_json::Value| {
        client.request(Method::POST, &path).idempotency_key(key).json(&body).send().await
    };
    let first = send(&ada.client, "h-1", json!({ "content": "a" })).await.expect(201);
    let again = send(&ada.client, "h-1", json!({ "content": "a" })).await.expect(200);
    assert_eq!(first.text("/id"), again.text("/id"));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    send(&ada.client, "h-1", json!({ "content": "b" })).await.expect(422);
    send(&bob.client, "h-1", json!({ "content": "a" })).await.expect(201);
    // Two keys that name two messages name none.
    let second = json!({ "content": "a", "client_msg_id": "c-1" });
    send(&ada.client, "h-2", second.clone()).await.expect(201);
    send(&ada.client, "h-1", second).await.expect(422);
    let refused = send(&ada.client, "h 1", json!({ "content": "a" })).await.expect(400);
    assert_eq!(refused.error_fields(), ["Idempotency-Key"]);

    let root = first.text("/id");
    let thread = format!("/messages/{root}/threads");
    let reply = |key: &'static str| {
        ada.client.request(Method::POST, &thread).idempotency_key(key).json(&json!({ "content": "r" })).send()
    };
    let one = reply("t-1").await.expect(201);
    assert_eq!(reply("t-1").await.expect(200).text("/id"), one.text("/id"));
    world.finish().await;
}

/// M-2: callers that use one key at the same moment all get the one message that is stored.
#[actix_web::test]
async fn concurrent_retries_make_one_message() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let root = ada.says(channel, "root").await.text("/id");
    for (round, body) in [
        json!({ "content": "x", "client_msg_id": "c" }),
        json!({ "content": "y", "client_msg_id": "d", "thread_id": root }),
    ]
    .into_iter()
    .enumerate()
    {
        let answers = join_all((0..16).map(|_| ada.post(channel, &body))).await;
        let created = answers.iter().filter(|answer| answer.status == 201).count();
        let replayed = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!((created, replayed), (1, 15), "round {round}");
        let ids: std::collections::HashSet<_> = answers.iter().map(|answer| answer.text("/id")).collect();
        assert_eq!(ids.len(), 1);
    }
    let seqs = world.seqs(&ada, channel).await;
    assert_eq!(seqs, [1, 2, 3, 4], "two posts and a reply with its thread: no number was lost");
    world.finish().await;
}
