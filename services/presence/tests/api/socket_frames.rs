//! The other frames of the protocol.

use colink_test::Socket;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::Node;

/// R-2, R-8: what is not of the protocol closes the socket with 4002.
#[tokio::test]
async fn a_malformed_frame_closes_the_socket() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let frames = [
        "not json",
        "[]",
        "{}",
        r#"{"type":"dance"}"#,
        r#"{"type":"subscribe","channel_id":"not-an-id"}"#,
        r#"{"type":"read","channel_id":"0197a1de-0000-7000-8000-000000000001","seq":"one"}"#,
        r#"{"type":"presence","status":"asleep"}"#,
        "\u{0}",
    ];
    for frame in frames {
        let mut socket = node.connect(&ann).await;
        socket.send_text(frame).await;
        assert_eq!(socket.await_close().await.0, 4002, "{frame}");
    }
    let mut binary = node.connect(&ann).await;
    binary.send_message(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(binary.await_close().await.0, 4002);
    let mut long = node.connect(&ann).await;
    long.send_text(&format!(r#"{{"type":"ping","padding":"{}"}}"#, "x".repeat(20_000))).await;
    assert_eq!(long.await_close().await.0, 4002);
}

/// R-2: a request that names nothing is refused, and the socket stays.
#[tokio::test]
async fn a_subscription_to_nothing_is_refused_by_name() {
    let node = Node::start().await;
    let mut socket = node.connect(&node.user("ann")).await;
    socket.send(&json!({"type": "subscribe"})).await;
    let error = socket.await_type("error").await;
    assert_eq!(error["code"], "VALIDATION_ERROR");
    assert_eq!(error["message"], "is required, unless `all` is true");
    socket.send(&json!({"type": "ping"})).await;
    socket.await_type("pong").await;
}

/// R-8
#[tokio::test]
async fn a_flood_of_frames_closes_the_socket() {
    let node = Node::start().await;
    let mut socket = node.connect(&node.user("ann")).await;
    for _ in 0..100 {
        socket.send_text(r#"{"type":"ping"}"#).await;
    }
    let (code, reason) = socket.await_close().await;
    assert_eq!(code, 4008);
    assert!(reason.starts_with("retry_after="), "{reason}");
}

/// R-6: others see who types; the writer does not, and who is not there cannot.
#[tokio::test]
async fn typing_reaches_the_other_members() {
    let node = Node::start().await;
    let (ann, ben) = (node.user("ann"), node.user("ben"));
    let channel = node.channel(&[&ann, &ben]);
    let (mut hers, mut his) = (node.follow(&ann, channel).await, node.follow(&ben, channel).await);
    hers.send(&json!({"type": "typing", "channel_id": channel})).await;
    let typing = his.await_type("typing").await;
    assert_eq!(typing["user_id"], ann.id.to_string());
    assert_eq!(typing["expires_in_ms"], 5000);
    hers.send(&json!({"type": "ping"})).await;
    hers.await_type("pong").await;
    assert!(hers.seen().iter().all(|frame| frame["type"] != "typing"));

    let mut outside = node.connect(&node.user("eve")).await;
    outside.send(&json!({"type": "typing", "channel_id": channel})).await;
    assert_eq!(outside.await_type("error").await["code"], "FORBIDDEN");
}

/// R-10: a post over the socket is made with the user's own token and acknowledged under its id.
#[tokio::test]
async fn a_post_over_the_socket_is_acknowledged() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    let mut socket: Socket = node.connect(&ann).await;
    socket
        .send(&json!({"type": "send", "channel_id": channel, "content": "hi", "client_msg_id": "m1"}))
        .await;
    let ack = socket.await_type("ack").await;
    assert_eq!((&ack["client_msg_id"], &ack["message"]["content"]), (&json!("m1"), &json!("hi")));
    let (token, body) = node.world.posts().pop().unwrap();
    assert!(token.starts_with("Bearer ey"), "the user's token, not the service's");
    assert_eq!(body, json!({"content": "hi", "client_msg_id": "m1"}));

    node.world.set_down(true);
    socket
        .send(&json!({"type": "send", "channel_id": channel, "content": "hi", "client_msg_id": "m2"}))
        .await;
    let error = socket.await_type("error").await;
    assert_eq!((&error["client_msg_id"], &error["code"]), (&json!("m2"), &json!("SERVICE_UNAVAILABLE")));
}

/// R-8, R-10, G-4: all of a user's sockets share one budget of posts.
#[tokio::test]
async fn posts_over_sockets_have_a_budget_of_the_user() {
    let settings =
        colink_test::Settings::new().set("sockets.send_burst", 2).set("sockets.sends_per_minute", 1);
    let node = Node::start_with(settings).await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    let (mut phone, mut laptop) = (node.connect(&ann).await, node.connect(&ann).await);
    let post =
        |id: &str| json!({"type": "send", "channel_id": channel, "content": "hi", "client_msg_id": id});
    for (socket, id) in [(&mut phone, "m1"), (&mut laptop, "m2")] {
        socket.send(&post(id)).await;
        socket.await_type("ack").await;
    }
    phone.send(&post("m3")).await;
    let error = phone.await_type("error").await;
    assert_eq!((&error["client_msg_id"], &error["code"]), (&json!("m3"), &json!("RATE_LIMITED")));
    assert_eq!(node.world.posts().len(), 2);
}

/// M-11: what is read on one device is read on the others.
#[tokio::test]
async fn a_read_reaches_the_users_other_sockets() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    let (mut phone, mut laptop) = (node.connect(&ann).await, node.connect(&ann).await);
    phone.send(&json!({"type": "read", "channel_id": channel, "seq": 5})).await;
    let read = laptop.await_type("read").await;
    assert_eq!((&read["channel_id"], &read["seq"]), (&json!(channel), &json!(5)));
}
