//! A bot's life: let in, posting by its key, following a socket, and shut out.

use std::time::{Duration, Instant};

use colink_test::{Socket, Stage, eventually, unique};
use serde_json::json;

use crate::company::{open, plan};

/// Everybody must know that a key is revoked within this time.
const AT_ONCE: Duration = Duration::from_secs(2);

/// a bot posts with its key through the gateway and follows the channel on a socket; when its key is revoked
/// both end within 2 s.
#[tokio::test(flavor = "multi_thread")]
async fn a_bot_lives_by_its_key_and_ends_with_it() {
    let mut company = open(plan(&Stage::with_own_topics())).await;
    let (alice, channel) = (company.alice.clone(), company.channel.clone());
    let gateway = company.fleet.client("gateway");
    let bot = json!({ "username": format!("bot.{}", unique()), "display_name": "Deploy bot" });
    let bot = alice.api.post("/api/auth/bots", &bot).await.expect(201).text("/id");
    let wish = json!({ "name": "entry", "scopes": ["workspaces:admin"], "expires_in_days": 1 });
    let entry =
        alice.api.post(&format!("/api/auth/bots/{bot}/api-keys"), &wish).await.expect(201).text("/key");
    let invites = format!("/api/workspaces/{}/invites", company.workspace);
    let invite = alice.api.post(&invites, &json!({ "role": "member" })).await.expect(201).text("/token");
    gateway.bearer(&entry).post(&format!("/api/invites/{invite}/accept"), &json!({})).await.expect(200);
    let member = json!({ "user_id": bot });
    alice.api.post(&format!("/api/channels/{channel}/members"), &member).await.expect(200);
    let wish = json!({ "name": "journey", "scopes": ["messages:read", "messages:write"] });
    let made = alice.api.post(&format!("/api/auth/bots/{bot}/api-keys"), &wish).await.expect(201);
    let (id, key) = (made.text("/id"), made.text("/key"));
    let by_key = gateway.bearer(&key);

    let token = by_key.post("/api/auth/api-keys/token", &json!({})).await.expect(200).text("/access_token");
    let mut socket = Socket::connect(&format!("{}/ws", gateway.base_url())).await;
    socket.send(&json!({ "type": "auth", "token": token })).await;
    socket.await_type("hello").await;
    socket.send(&json!({ "type": "subscribe", "channel_id": channel })).await;
    socket.await_type("subscribed").await;

    let messages = format!("/api/channels/{channel}/messages");
    let posted = by_key.post(&messages, &json!({ "content": "deployed" })).await.expect(201);
    assert_eq!(posted.text("/author/id"), bot);
    let seen = socket.await_frame("its own post", |frame| frame["type"] == "message").await;
    assert_eq!(seen["data"]["content"], "deployed");
    alice.post(&channel, "well done").await;
    socket.await_frame("an answer", |frame| frame["data"]["content"] == "well done").await;

    // What its scopes do not name, and what concerns the account, it may not.
    let refused = by_key.get(&format!("/api/channels/{channel}")).await.expect(403);
    assert!(refused.error_message().contains("channels:read"), "{refused}");
    by_key.get("/api/auth/me").await.expect(403);

    alice.api.delete(&format!("/api/auth/bots/{bot}/api-keys/{id}")).await.expect(204);
    let revoked = Instant::now();
    let (code, _) = socket.await_close().await;
    assert_eq!(code, 4003);
    eventually("the key is refused", AT_ONCE, async || {
        (by_key.post(&messages, &json!({ "content": "still here" })).await.status == 401).then_some(())
    })
    .await;
    assert!(revoked.elapsed() < AT_ONCE, "{:?}", revoked.elapsed());
}
