//! A bot's life: let in, posting by its key, following a socket, and shut out.

use std::time::{Duration, Instant};

use colink_test::{Client, SOON, Socket, Stage, eventually, unique};
use serde_json::json;

use crate::company::{open, plan};

/// Everybody must know that a key is over within this time.
const AT_ONCE: Duration = Duration::from_secs(2);

/// a bot that an administrator let in posts with its key through the gateway, marked as a bot, and follows the
/// channel on a socket; when its key is revoked, or its owner closes his account, both end within 2 s.
#[tokio::test(flavor = "multi_thread")]
async fn a_bot_lives_by_its_key_and_ends_with_it() {
    let mut company = open(plan(&Stage::with_own_topics())).await;
    let (alice, channel) = (company.alice.clone(), company.channel.clone());
    let gateway = company.fleet.client("gateway");
    let bot = json!({ "username": format!("bot.{}", unique()), "display_name": "Deploy bot" });
    let bot = alice.api.post("/api/auth/bots", &bot).await.expect(201).text("/id");
    let member = json!({ "user_id": bot });
    let members = format!("/api/workspaces/{}/members", company.workspace);
    assert_eq!(alice.api.post(&members, &member).await.expect(200).value("/bot"), json!(true));
    alice.api.post(&format!("/api/channels/{channel}/members"), &member).await.expect(200);
    let wish = json!({ "name": "journey", "scopes": ["messages:read", "messages:write"] });
    let made = alice.api.post(&format!("/api/auth/bots/{bot}/api-keys"), &wish).await.expect(201);
    let (id, key) = (made.text("/id"), made.text("/key"));
    let by_key = gateway.bearer(&key);

    let mut socket = follow(&gateway, &key, &channel).await;

    let messages = format!("/api/channels/{channel}/messages");
    let posted = by_key.post(&messages, &json!({ "content": "deployed" })).await.expect(201);
    assert_eq!(posted.text("/author/id"), bot);
    let seen = socket.await_frame("its own post", |frame| frame["type"] == "message").await;
    assert_eq!(seen["data"]["content"], "deployed");
    assert_eq!((posted.value("/author/bot"), &seen["data"]["author"]["bot"]), (json!(true), &json!(true)));
    alice.post(&channel, "well done").await;
    let answer = socket.await_frame("an answer", |frame| frame["data"]["content"] == "well done").await;
    assert_eq!(answer["data"]["author"].get("bot"), None);

    // What its scopes do not name, and what concerns the account, it may not.
    let refused = by_key.get(&format!("/api/channels/{channel}")).await.expect(403);
    assert!(refused.error_message().contains("channels:read"), "{refused}");
    by_key.get("/api/auth/me").await.expect(403);

    alice.api.delete(&format!("/api/auth/bots/{bot}/api-keys/{id}")).await.expect(204);
    assert_over(&mut socket, &by_key, &messages).await;

    // A bot goes with its owner, who is not the one who let it in.
    let wish = json!({ "username": format!("bot.{}", unique()), "display_name": "Bob's bot" });
    let bot = company.bob.api.post("/api/auth/bots", &wish).await.expect(201).text("/id");
    alice.api.post(&members, &json!({ "user_id": bot })).await.expect(200);
    alice.api.post(&format!("/api/channels/{channel}/members"), &json!({ "user_id": bot })).await.expect(200);
    let wish = json!({ "name": "journey", "scopes": ["messages:read", "messages:write"] });
    let made = company.bob.api.post(&format!("/api/auth/bots/{bot}/api-keys"), &wish).await.expect(201);
    let by_key = gateway.bearer(&made.text("/key"));
    let mut socket = follow(&gateway, &made.text("/key"), &channel).await;
    by_key.post(&messages, &json!({ "content": "ready" })).await.expect(201);
    company.bob.api.post("/api/users/me/deactivate", &json!({})).await.expect(204);
    assert_over(&mut socket, &by_key, &messages).await;
    let items = alice.api.get(&messages).await.expect(200).value("/items");
    let ready = items.as_array().unwrap().iter().find(|item| item["content"] == "ready").unwrap();
    assert_eq!(
        (&ready["author"]["id"], &ready["author"]["display_name"]),
        (&json!(bot), &json!("Bob's bot"))
    );
}

/// A socket of a key that follows a channel.
async fn follow(gateway: &Client, key: &str, channel: &str) -> Socket {
    let by_key = gateway.bearer(key);
    let token = by_key.post("/api/auth/api-keys/token", &json!({})).await.expect(200).text("/access_token");
    let mut socket = Socket::connect(&format!("{}/ws", gateway.base_url())).await;
    socket.send(&json!({ "type": "auth", "token": token })).await;
    socket.await_type("hello").await;
    socket.send(&json!({ "type": "subscribe", "channel_id": channel })).await;
    socket.await_type("subscribed").await;
    socket
}

/// The key was ended just now: its socket is closed and its calls are refused in time.
async fn assert_over(socket: &mut Socket, by_key: &Client, messages: &str) {
    let ended = Instant::now();
    let closed = async {
        assert_eq!(socket.await_close().await.0, 4003);
        ended.elapsed()
    };
    let refused = async {
        eventually("the key is refused", SOON, async || {
            (by_key.post(messages, &json!({ "content": "still here" })).await.status == 401).then_some(())
        })
        .await;
        ended.elapsed()
    };
    let (closed, refused) = tokio::join!(closed, refused);
    assert!(closed < AT_ONCE && refused < AT_ONCE, "the socket after {closed:?}, calls after {refused:?}");
}
