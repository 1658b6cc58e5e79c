//! Delivery: once, in order, without a hole, whatever happens on the way.

use colink_core::id::ChannelId;
use colink_test::Socket;
use serde_json::{Value, json};

use crate::harness::Node;

async fn take(socket: &mut Socket, count: usize) -> Vec<i64> {
    let mut seqs = Vec::new();
    for _ in 0..count {
        let frame = socket
            .await_frame("a message or a gap", |frame| frame["type"] == "message" || frame["type"] == "gap")
            .await;
        assert_eq!(frame["type"], "message", "{frame}");
        assert_eq!(frame["data"]["seq"], frame["seq"]);
        seqs.push(frame["seq"].as_i64().unwrap());
    }
    seqs
}

async fn subscribe(socket: &mut Socket, channel: ChannelId, after: Option<i64>) -> Value {
    socket.send(&json!({"type": "subscribe", "channel_id": channel, "after": after})).await;
    socket.await_type("subscribed").await
}

///
#[tokio::test]
async fn what_is_posted_after_the_subscription_comes_in_order() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    node.post(channel, "before").await;
    let mut socket = node.connect(&ann).await;
    assert_eq!(subscribe(&mut socket, channel, None).await["seq"], 1);
    for number in 0..20 {
        node.post(channel, &format!("message {number}")).await;
    }
    assert_eq!(take(&mut socket, 20).await, (2..=21).collect::<Vec<_>>());
}

/// a client that comes back with its cursor gets what it missed, then what follows.
#[tokio::test]
async fn a_returning_client_gets_what_it_missed_and_then_the_live_stream() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    for number in 0..700 {
        node.log(channel, &format!("missed {number}"));
    }
    let mut socket = node.connect(&ann).await;
    assert_eq!(subscribe(&mut socket, channel, Some(100)).await["seq"], 700);
    node.post(channel, "live").await;
    assert_eq!(take(&mut socket, 601).await, (101..=701).collect::<Vec<_>>());
}

/// what is older than the log is said to be gone, and the rest follows.
#[tokio::test]
async fn a_cursor_older_than_the_log_gets_an_explicit_gap() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    for number in 0..10 {
        node.log(channel, &format!("old {number}"));
    }
    node.world.forget(channel, 6);
    let mut socket = node.connect(&ann).await;
    subscribe(&mut socket, channel, Some(2)).await;
    let gap = socket.await_type("gap").await;
    assert_eq!((&gap["from"], &gap["to"]), (&json!(3), &json!(6)));
    assert_eq!(take(&mut socket, 4).await, [7, 8, 9, 10]);
}

/// repeated and missing events of the broker are no business of the client's.
#[tokio::test]
async fn repetitions_are_dropped_and_holes_are_filled_from_the_log() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    let mut socket = node.follow(&ann, channel).await;
    node.post(channel, "one").await;
    node.publish(channel, 1).await;
    node.log(channel, "two, which the broker loses");
    node.log(channel, "three, too");
    node.post(channel, "four").await;
    node.publish(channel, 4).await;
    assert_eq!(take(&mut socket, 4).await, [1, 2, 3, 4]);
}

/// the last event of all is lost, and nothing follows that would show the hole.
#[tokio::test]
async fn a_lost_tail_is_found_by_comparing_heads() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    let mut socket = node.follow(&ann, channel).await;
    node.log(channel, "lost on the way");
    assert_eq!(take(&mut socket, 1).await, [1]);
}

/// a hole that messaging does not give within the bounded wait is a gap, and delivery goes on.
#[tokio::test]
async fn a_hole_that_cannot_be_filled_becomes_a_gap() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    let mut socket = node.follow(&ann, channel).await;
    node.log(channel, "one, lost");
    node.world.set_down(true);
    node.log(channel, "two");
    node.publish(channel, 2).await;
    let gap = socket.await_type("gap").await;
    assert_eq!((&gap["from"], &gap["to"]), (&json!(1), &json!(1)));
    assert_eq!(take(&mut socket, 1).await, [2]);
    node.world.set_down(false);
    node.post(channel, "three").await;
    assert_eq!(take(&mut socket, 1).await, [3]);
}

/// one frame for all of a user's channels, now and later.
#[tokio::test]
async fn a_client_may_follow_everything_it_is_in() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let (known, fresh) = (node.channel(&[&ann]), node.channel(&[&ann]));
    node.log(known, "missed");
    let mut socket = node.connect(&ann).await;
    socket.send(&json!({"type": "subscribe", "all": true, "cursors": {known.to_string(): 0}})).await;
    assert_eq!(take(&mut socket, 1).await, [1], "the cursor of a known channel counts");
    node.post(fresh, "hello").await;
    let frame = socket.await_type("message").await;
    assert_eq!(frame["channel_id"], fresh.to_string());
}

///
#[tokio::test]
async fn an_unsubscribed_channel_is_silent() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let (quiet, loud) = (node.channel(&[&ann]), node.channel(&[&ann]));
    let mut socket = node.follow(&ann, quiet).await;
    subscribe(&mut socket, loud, None).await;
    socket.send(&json!({"type": "unsubscribe", "channel_id": quiet})).await;
    socket.await_type("unsubscribed").await;
    node.post(quiet, "nobody hears this").await;
    node.post(loud, "everybody hears this").await;
    let frame = socket.await_type("message").await;
    assert_eq!(frame["channel_id"], loud.to_string());
}
