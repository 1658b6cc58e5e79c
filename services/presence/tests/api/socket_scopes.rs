//! what the token of an API key may do on a socket.

use colink_core::clock::{Clock, SystemClock};
use colink_core::id::ChannelId;
use colink_events::users::SessionRevoked;
use colink_test::{Socket, TestUser};
use serde_json::json;

use crate::harness::Node;

fn url(node: &Node, user: &TestUser, scopes: &str) -> String {
    let mint = node.stage.identity().mint(user).claim("scope", scopes).claim("amr", json!(["api_key"]));
    format!("{}/ws?token={}", node.service.base_url(), mint.sign())
}

async fn connect(node: &Node, user: &TestUser, scopes: &str) -> Socket {
    let mut socket = Socket::connect(&url(node, user, scopes)).await;
    socket.await_type("hello").await;
    socket
}

async fn follow(socket: &mut Socket, channel: ChannelId) {
    socket.send(&json!({ "type": "subscribe", "channel_id": channel })).await;
    socket.await_type("subscribed").await;
}

/// a token that may not read opens no socket, whatever else it may.
#[tokio::test]
async fn a_socket_takes_the_scope_to_read() {
    let node = Node::start().await;
    let bot = node.user("bot");
    for scopes in ["", "messages:write channels:read users:read presence:write admin:*"] {
        let mut socket = Socket::connect(&url(&node, &bot, scopes)).await;
        let (code, reason) = socket.await_close().await;
        assert_eq!((code, reason.as_str()), (4004, "missing scope messages:read"), "{scopes}");
    }
    // A key itself is no token, in whatever place.
    let key = colink_auth::ApiKey::new(bot.session_id, [7; 32]).reveal();
    let mut socket = Socket::connect(&format!("{}/ws?token={key}", node.service.base_url())).await;
    assert_eq!(socket.await_close().await.0, 4001);
}

/// reading scopes follow; typing and presence take scopes of their own.
#[tokio::test]
async fn typing_and_presence_take_scopes_of_their_own() {
    let node = Node::start().await;
    let (bot, ann) = (node.user("bot"), node.user("ann"));
    let channel = node.channel(&[&bot, &ann]);
    let mut reader = connect(&node, &bot, "messages:read").await;
    follow(&mut reader, channel).await;
    node.post(channel, "hello").await;
    reader.await_type("message").await;
    for (frame, scope) in [
        (json!({ "type": "typing", "channel_id": channel }), "messages:write"),
        (json!({ "type": "presence", "status": "away" }), "presence:write"),
    ] {
        reader.send(&frame).await;
        let refused = reader.await_frame(scope, |frame| {
            frame["type"] == "error" && frame["message"].as_str().is_some_and(|text| text.contains(scope))
        });
        assert_eq!(refused.await["code"], "FORBIDDEN");
    }
    let mut person = node.follow(&ann, channel).await;
    let mut writer = connect(&node, &bot, "messages:read messages:write").await;
    follow(&mut writer, channel).await;
    writer.send(&json!({ "type": "typing", "channel_id": channel })).await;
    let typing = person.await_type("typing").await;
    assert_eq!(typing["user_id"], json!(bot.id));
}

/// a bot is seen as online with the scope for it, and told who else is with the scope for that.
#[tokio::test]
async fn presence_is_shown_and_told_with_the_scopes_for_it() {
    let node = Node::start().await;
    let (bot, seen, ann) = (node.user("bot"), node.user("seen"), node.user("ann"));
    let channel = node.channel(&[&bot, &seen, &ann]);
    let mut silent = connect(&node, &bot, "messages:read").await;
    follow(&mut silent, channel).await;
    let mut told = connect(&node, &seen, "messages:read users:read presence:write").await;
    follow(&mut told, channel).await;
    let mut person = node.follow(&ann, channel).await;
    told.await_frame("ann is here", |frame| {
        frame["type"] == "presence" && frame["user_id"] == json!(ann.id) && frame["status"] == "online"
    })
    .await;
    let listed = node.service.client(&ann).get(&format!("/presence?user_ids={},{}", bot.id, seen.id)).await;
    let listed = listed.expect(200).value("/items");
    assert_eq!((&listed[0]["status"], &listed[1]["status"]), (&json!("offline"), &json!("online")));
    person.send(&json!({ "type": "presence", "status": "away" })).await;
    told.await_frame("ann is away", |frame| frame["type"] == "presence" && frame["status"] == "away").await;
    silent.send(&json!({ "type": "ping" })).await;
    silent.await_type("pong").await;
    assert!(silent.seen().iter().all(|frame| frame["type"] != "presence"), "{:?}", silent.seen());
}

/// the end of a key's secret closes the sockets that were opened with it, and no others of the user.
#[tokio::test]
async fn the_end_of_a_secret_closes_its_sockets() {
    let node = Node::start().await;
    let bot = node.user("bot");
    let other = TestUser { session_id: node.user("x").session_id, ..bot.clone() };
    let mut ended = connect(&node, &bot, "messages:read").await;
    let mut kept = connect(&node, &other, "messages:read").await;
    let (user_id, session_id) = (bot.id, Some(bot.session_id));
    let at = SystemClock.timestamp();
    node.tell(&SessionRevoked { user_id, session_id, reason: "api_key_rotated".to_owned(), at }).await;
    assert_eq!(ended.await_close().await.0, 4003);
    kept.send(&json!({ "type": "ping" })).await;
    kept.await_type("pong").await;
}
