//! How users are seen.

use colink_core::clock::SystemClock;
use colink_core::id::UserId;
use colink_core::role::WorkspaceRole;
use colink_events::channels::MemberLeft;
use colink_test::{SOON, Settings, eventually};
use serde_json::{Value, json};

use crate::harness::{Node, seat};

/// online while a socket is open, offline after the grace, to those who share a workspace.
#[tokio::test]
async fn a_user_is_online_while_connected_and_offline_after_the_grace() {
    let node = Node::start_with(Settings::new().set("sockets.offline_grace_ms", 500)).await;
    let (ann, ben, eve) = (node.user("ann"), node.user("ben"), node.user("eve"));
    let channel = node.channel(&[&ann, &ben]);
    node.channel(&[&eve]);
    let mut his = node.follow(&ben, channel).await;
    let hers = node.follow(&ann, channel).await;
    let seen = his
        .await_frame("ann is online", |frame| {
            frame["type"] == "presence" && frame["user_id"] == ann.id.to_string()
        })
        .await;
    assert_eq!(seen["status"], "online");

    let path = format!("/presence?user_ids={}", ann.id);
    let status =
        async |client: &colink_test::Client| client.get(&path).await.expect(200).text("/items/0/status");
    assert_eq!(status(&node.service.client(&ben)).await, "online");
    assert_eq!(status(&node.service.client(&eve)).await, "offline", "no shared workspace");

    hers.close().await;
    let gone = his
        .await_frame("ann is gone", |frame| frame["type"] == "presence" && frame["status"] == "offline")
        .await;
    assert_eq!(gone["user_id"], ann.id.to_string());
    eventually("ann is offline", SOON, async || {
        (status(&node.service.client(&ben)).await == "offline").then_some(())
    })
    .await;
}

/// a workspace that asks for a second factor shows nobody to a session that was not proven by one.
#[tokio::test]
async fn a_closed_workspace_shows_nobody() {
    let node = Node::start().await;
    let (ann, ben) = (node.user("ann"), node.user("ben"));
    let channel = node.channel(&[&ann, &ben]);
    let _hers = node.follow(&ann, channel).await;
    let path = format!("/presence?user_ids={},{}", ann.id, ben.id);
    let statuses = async |client: &colink_test::Client| {
        let answer = client.get(&path).await.expect(200);
        (answer.text("/items/0/status"), answer.text("/items/1/status"))
    };
    let told = |ann: &str, ben: &str| (ann.to_owned(), ben.to_owned());
    let his = node.service.client(&ben);
    eventually("ann is seen", SOON, async || {
        (statuses(&his).await == told("online", "offline")).then_some(())
    })
    .await;
    node.world.require_mfa();
    assert_eq!(statuses(&his).await, told("offline", "offline"));
    let mint = node.stage.identity().mint(&ben).claim("amr", json!(["pwd", "otp", "mfa"]));
    let proven = node.service.anonymous().bearer(&mint.sign());
    assert_eq!(statuses(&proven).await, told("online", "offline"));
}

/// who is invisible is seen as offline.
#[tokio::test]
async fn a_status_is_what_the_user_says() {
    let node = Node::start().await;
    let (ann, ben) = (node.user("ann"), node.user("ben"));
    let channel = node.channel(&[&ann, &ben]);
    let mut his = node.follow(&ben, channel).await;
    let mut hers = node.follow(&ann, channel).await;
    for (said, seen) in [("away", "away"), ("dnd", "dnd"), ("invisible", "offline"), ("online", "online")] {
        hers.send(&json!({"type": "presence", "status": said})).await;
        let frame = his.await_frame(seen, |frame| {
            frame["type"] == "presence" && frame["user_id"] == ann.id.to_string() && frame["status"] == seen
        });
        frame.await;
    }
}

/// who left the workspace is seen by nobody there, and by those who share another with him as before.
#[tokio::test]
async fn whoever_left_is_seen_by_his_colleagues_no_more() {
    let node = Node::start().await;
    let (ann, ben, cleo) = (node.user("ann"), node.user("ben"), node.user("cleo"));
    let (left, kept) = (node.channel(&[&ann, &ben]), node.channel(&[&ann, &cleo]));
    let (mut his, _hers) = (node.follow(&ben, left).await, node.follow(&cleo, kept).await);
    let mut socket = node.follow(&ann, left).await;
    socket.send(&json!({"type": "subscribe", "channel_id": kept})).await;
    node.settled(&mut socket).await;
    let status = async |user: &colink_test::TestUser| {
        let path = format!("/presence?user_ids={}", ann.id);
        node.service.client(user).get(&path).await.expect(200).text("/items/0/status")
    };
    assert_eq!((status(&ben).await, status(&cleo).await), ("online".to_owned(), "online".to_owned()));
    node.world.leave(left, ann.id);
    node.tell(&MemberLeft(seat(node.world.workspace_of(left), ann.id, WorkspaceRole::Member))).await;
    let gone = |frame: &Value| frame["type"] == "presence" && frame["status"] == "offline";
    assert_eq!(his.await_frame("ann is gone", gone).await["user_id"], json!(ann.id));
    // He is in the workspace that she left, and asks.
    assert_eq!((status(&ben).await, status(&cleo).await), ("offline".to_owned(), "online".to_owned()));
}

/// sockets that begin at the same time do not overwrite where each other's user is seen.
#[tokio::test]
async fn a_user_is_seen_wherever_one_of_his_sockets_follows() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let colleagues: Vec<_> = (0..12).map(|number| node.user(&format!("colleague{number}"))).collect();
    let channels: Vec<_> = colleagues.iter().map(|colleague| node.channel(&[&ann, colleague])).collect();
    let mut sockets = Vec::new();
    for _ in &channels {
        sockets.push(node.connect(&ann).await);
    }
    for (socket, channel) in sockets.iter_mut().zip(&channels) {
        socket.send(&json!({"type": "subscribe", "channel_id": channel})).await;
    }
    for socket in &mut sockets {
        node.settled(socket).await;
    }
    let path = format!("/presence?user_ids={}", ann.id);
    for colleague in &colleagues {
        let answer = node.service.client(colleague).get(&path).await.expect(200);
        assert_eq!(answer.text("/items/0/status"), "online", "{}", colleague.username);
    }
}

/// T-4: bad input names the field; a caller without a token is told so.
#[tokio::test]
async fn bad_input_names_the_field() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let client = node.service.client(&ann);
    let many = |count: usize| {
        (0..count).map(|_| UserId::generate(&SystemClock).to_string()).collect::<Vec<_>>().join(",")
    };
    let queries = [
        String::new(),
        "user_ids=".to_owned(),
        "user_ids=x".to_owned(),
        "user_ids=%00".to_owned(),
        format!("user_ids={}", many(101)),
    ];
    for query in queries {
        let answer = client.get(&format!("/presence?{query}")).await.expect(400);
        assert_eq!(answer.error_fields(), ["user_ids"], "{query}");
    }
    client.get(&format!("/presence?user_ids={}", many(100))).await.expect(200);
    let unknown = client.get(&format!("/presence?user_ids={}&extra=1", many(1))).await.expect(400);
    assert_eq!(unknown.error_fields(), ["extra"]);
    let anonymous = node.service.anonymous().get("/presence?user_ids=x").await.expect(401);
    assert_eq!(anonymous.error_code(), "UNAUTHORIZED");
    let expired = node.service.anonymous().bearer(&node.stage.identity().mint(&ann).expired().sign());
    assert_eq!(expired.get("/presence?user_ids=x").await.expect(401).error_code(), "TOKEN_EXPIRED");
}
