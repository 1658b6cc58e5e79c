//! Opening a socket.

use std::collections::BTreeMap;
use std::time::Duration;

use colink_test::{SOON, Socket, eventually};
use serde_json::json;

use crate::harness::Node;

///
#[tokio::test]
async fn a_good_token_is_greeted_from_the_query_and_from_the_first_frame() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let mut by_query = Socket::connect(&node.url(&ann)).await;
    let hello = by_query.await_type("hello").await;
    assert_eq!(hello["user_id"], ann.id.to_string());
    assert_eq!(hello["heartbeat_ms"], 25_000);
    assert_eq!(hello["max_frame_bytes"], 16_384);

    let mut by_frame = Socket::connect(&format!("{}/ws", node.service.base_url())).await;
    by_frame.send(&json!({"type": "auth", "token": node.stage.identity().token(&ann)})).await;
    by_frame.await_type("hello").await;
}

///
#[tokio::test]
async fn a_token_that_does_not_count_is_closed_with_4001() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let identity = node.stage.identity();
    let tokens = [
        String::new(),
        "not-a-token".to_owned(),
        identity.mint(&ann).expired().sign(),
        identity.mint(&ann).audience("elsewhere").sign(),
        identity.mint(&ann).issuer("https://evil.example").sign(),
        identity.mint(&ann).other_key().sign(),
        identity.mint(&ann).unsigned(),
    ];
    for token in tokens {
        let mut socket = Socket::connect(&format!("{}/ws?token={token}", node.service.base_url())).await;
        let (code, _) = socket.await_close().await;
        assert_eq!(code, 4001, "{token}");
    }
    let mut other_first_frame = Socket::connect(&format!("{}/ws", node.service.base_url())).await;
    other_first_frame.send(&json!({"type": "ping"})).await;
    assert_eq!(other_first_frame.await_close().await.0, 4001);
}

/// whoever says nothing is shown the door after 5 s.
#[tokio::test]
async fn a_silent_stranger_is_closed() {
    let node = Node::start().await;
    let mut socket = Socket::connect(&format!("{}/ws", node.service.base_url())).await;
    assert_eq!(socket.await_close().await.0, 4001);
}

///
#[tokio::test]
async fn a_page_that_is_not_on_the_list_gets_no_socket() {
    let node = Node::start().await;
    let url = node.url(&node.user("ann"));
    let refused = Socket::try_connect(&url, &[("origin", "https://evil.example")]).await;
    assert_eq!(refused.err(), Some(403));
    assert!(Socket::try_connect(&url, &[("origin", "http://localhost:8000")]).await.is_ok());
}

/// O-1, R-5, R-8: a client that gives no sign of life is let go, and counted.
#[tokio::test]
async fn a_socket_without_a_heartbeat_is_reaped() {
    let node = Node::start_with(colink_test::Settings::new().set("sockets.heartbeat_ms", 2_000)).await;
    let ann = node.user("ann");
    let mut alive = node.connect(&ann).await;
    // The client answers pings only while it reads: this one does not read for longer than two heartbeats.
    let mut dead = node.connect(&ann).await;
    eventually("one socket is let go", SOON, async || {
        alive.send(&json!({"type": "ping"})).await;
        alive.await_type("pong").await;
        // So that it does not say too much; meanwhile it reads.
        alive.next(Duration::from_millis(200)).await;
        (node.open_sockets().await == 1).then_some(())
    })
    .await;
    assert_eq!(dead.await_close().await.0, 4009);
    assert_eq!(node.ended().await, BTreeMap::from([("heartbeat_missed".to_owned(), 1)]));
    alive.send(&json!({"type": "ping"})).await;
    alive.await_type("pong").await;
}

/// nothing is read of a client while it catches up, its pongs neither, and it is not let go for that; one that
/// is silent afterwards is.
#[tokio::test]
async fn a_long_catch_up_is_no_silence() {
    let settings =
        colink_test::Settings::new().set("sockets.heartbeat_ms", 200).set("internal.timeout_ms", 15_000);
    let node = Node::start_with(settings).await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    node.log(channel, "missed");
    let gate = node.world.gate("events", channel);
    let mut socket = node.connect(&ann).await;
    socket.send(&json!({"type": "subscribe", "channel_id": channel, "after": 0})).await;
    socket.await_type("subscribed").await;
    gate.arrivals(1).await;
    assert_eq!(socket.next(Duration::from_millis(1_500)).await, None, "seven heartbeats, and it is there");
    gate.open();
    socket.await_type("message").await;
    // From now on it does not read, so it answers no ping.
    eventually("the silent client is let go", SOON, async || (node.open_sockets().await == 0).then_some(()))
        .await;
}

/// one user cannot take a node's places.
#[tokio::test]
async fn a_user_has_so_many_sockets_and_no_more() {
    let node = Node::start_with(colink_test::Settings::new().set("sockets.max_sockets_per_user", 2)).await;
    let (ann, ben) = (node.user("ann"), node.user("ben"));
    let _hers = (node.connect(&ann).await, node.connect(&ann).await);
    let mut third = Socket::connect(&node.url(&ann)).await;
    assert_eq!(third.await_close().await.0, 1013);
    node.connect(&ben).await;
}

///
#[tokio::test]
async fn a_full_node_says_so() {
    let node = Node::start_with(colink_test::Settings::new().set("sockets.max_sockets", 1)).await;
    let ann = node.user("ann");
    let _first = node.connect(&ann).await;
    let mut second = Socket::connect(&node.url(&ann)).await;
    let (code, reason) = second.await_close().await;
    assert_eq!(code, 1013);
    assert!(reason.starts_with("retry_in_ms="), "{reason}");
}
