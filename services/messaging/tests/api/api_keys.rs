//! keys with some scopes, where one endpoint takes several steps.

use colink_core::role::ChannelKind;
use colink_test::{Client, TestUser};
use serde_json::json;

use crate::harness::World;

fn key(world: &World, user: &TestUser, scopes: &str) -> Client {
    let mint = world.stage.identity().mint(user).claim("scope", scopes).claim("amr", json!(["api_key"]));
    world.messaging.anonymous().bearer(&mint.sign())
}

/// A-11, M-2: a key that may only write posts, retries and gets its message back; it reads nothing.
#[actix_web::test]
async fn a_writing_key_posts_and_retries_and_reads_nothing() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.channel(ChannelKind::Private, &[&ada]).await;
    let writer = key(&world, &ada.user, "messages:write");
    let path = format!("/channels/{channel}/messages");
    let body = json!({ "content": "deployed", "client_msg_id": "deploy-1" });
    let first = writer.post(&path, &body).await.expect(201);
    let again = writer.post(&path, &body).await.expect(200);
    assert_eq!(first.text("/id"), again.text("/id"));
    let message = format!("/messages/{}", first.text("/id"));
    writer.put(&message, &json!({ "content": "deployed twice" })).await.expect(200);
    for read in [&path, &message] {
        let refused = writer.get(read).await.expect(403);
        assert_eq!(refused.error_message(), "The API key lacks the scope `messages:read`.");
    }
    // To mark as read is a change of what was read: it takes both.
    let read = format!("/channels/{channel}/read");
    let refused = writer.put(&read, &json!({ "seq": 1 })).await.expect(403);
    assert_eq!(refused.error_message(), "The API key lacks the scope `messages:read`.");
    let both = key(&world, &ada.user, "messages:read messages:write");
    both.put(&read, &json!({ "seq": 1 })).await.expect(200);
    writer.delete(&message).await.expect(204);
    world.finish().await;
}

/// a realm admin's key passes no door that its user would not pass as a member, unless it has the scope for it.
#[actix_web::test]
async fn a_realm_admins_key_is_a_users_without_its_scope() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.channel(ChannelKind::Private, &[&ada]).await;
    let admin = world.stage.identity().admin("root");
    let path = format!("/channels/{channel}/messages");
    key(&world, &admin, "messages:read messages:write").get(&path).await.expect(404);
    key(&world, &admin, "messages:read admin:*").get(&path).await.expect(200);
    world.finish().await;
}

/// an answer that is kept for a writer is not repeated to a key of his that may not write.
#[actix_web::test]
async fn a_kept_answer_is_not_repeated_to_a_lesser_key() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.channel(ChannelKind::Private, &[&ada]).await;
    let message = ada.says(channel, "hello").await.text("/id");
    let path = format!("/messages/{message}/reactions");
    for (scopes, status) in [("messages:write", 201), ("messages:write", 201), ("messages:read", 403)] {
        let client = key(&world, &ada.user, scopes);
        let request = client.request(reqwest::Method::POST, &path).idempotency_key("react-1");
        request.json(&json!({ "emoji": "👍" })).send().await.expect(status);
    }
    world.finish().await;
}
