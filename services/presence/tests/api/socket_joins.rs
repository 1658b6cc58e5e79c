//! Channels that a user comes into while his socket is open.

use colink_core::id::ChannelId;
use colink_events::channels::ChannelMemberAdded;
use colink_test::{Settings, Socket, TestUser};
use serde_json::{Value, json};

use crate::harness::{Node, membership};

/// What channels says when the user has come in; to be made before what is posted afterwards.
fn added(node: &Node, channel: ChannelId, user: &TestUser) -> ChannelMemberAdded {
    ChannelMemberAdded(membership(channel, node.world.workspace_of(channel), user.id))
}

/// The numbers of the channel's messages up to this one.
async fn numbers_to(socket: &mut Socket, channel: ChannelId, last: i64) -> Vec<i64> {
    let of_channel = |frame: &Value| frame["type"] == "message" && frame["channel_id"] == json!(channel);
    socket.await_frame("the last message", |frame| of_channel(frame) && frame["seq"] == last).await;
    let frames = socket.seen().iter().filter(|frame| of_channel(frame));
    frames.filter_map(|frame| frame["seq"].as_i64()).collect()
}

/// the first message of a new conversation is told, however soon it was posted.
#[tokio::test]
async fn the_first_message_of_a_new_conversation_is_told() {
    let node = Node::start().await;
    let (ann, ben) = (node.user("ann"), node.user("ben"));
    let mut socket = node.follow_all(&ann).await;
    let dm = node.channel(&[&ann, &ben]);
    let added = added(&node, dm, &ann);
    node.post(dm, "hello").await;
    node.tell(&added).await;
    socket.await_type("channel_added").await;
    node.post(dm, "are you there?").await;
    assert_eq!(numbers_to(&mut socket, dm, 2).await, [1, 2]);
}

/// who comes into a channel is told what is posted from then on, and nothing from before.
#[tokio::test]
async fn what_was_posted_before_a_member_came_is_not_told() {
    let node = Node::start().await;
    let (ann, ben) = (node.user("ann"), node.user("ben"));
    let channel = node.channel(&[&ben]);
    node.log_of_old(channel, "long ago");
    node.log_of_old(channel, "before her time");
    let mut socket = node.follow_all(&ann).await;
    node.world.join(channel, ann.id);
    let added = added(&node, channel, &ann);
    node.post(channel, "welcome").await;
    node.tell(&added).await;
    assert_eq!(numbers_to(&mut socket, channel, 3).await, [3]);
}

/// a new channel is followed as soon as the other services answer, and once, however often its event comes.
#[tokio::test]
async fn a_new_channel_is_tried_again() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let mut socket = node.follow_all(&ann).await;
    let channel = node.channel(&[&ann]);
    let added = added(&node, channel, &ann);
    node.log(channel, "hello");
    node.world.set_down(true);
    node.tell(&added).await;
    node.tell(&added).await;
    socket.await_type("channel_added").await;
    socket.await_type("channel_added").await;
    node.world.set_down(false);
    socket.await_type("subscribed").await;
    node.post(channel, "again").await;
    assert_eq!(numbers_to(&mut socket, channel, 2).await, [1, 2]);
}

/// a try that fails midway is no reason to tell its events again.
#[tokio::test]
async fn a_try_goes_on_where_the_one_before_it_ended() {
    // The gate is not to be what the first page fails by.
    let node = Node::start_with(Settings::new().set("internal.timeout_ms", 15_000)).await;
    let ann = node.user("ann");
    let mut socket = node.follow_all(&ann).await;
    let channel = node.channel(&[&ann]);
    let added = added(&node, channel, &ann);
    for number in 0..600 {
        node.log(channel, &format!("message {number}"));
    }
    let gate = node.world.gate("events", channel);
    node.tell(&added).await;
    gate.arrivals(1).await;
    node.world.set_down(true);
    gate.let_one_pass();
    gate.arrivals(2).await;
    node.world.set_down(false);
    gate.open();
    assert_eq!(numbers_to(&mut socket, channel, 600).await, (1..=600).collect::<Vec<_>>());
    let begun = socket.seen().iter().filter(|frame| frame["type"] == "subscribed");
    assert_eq!(begun.count(), 1);
}

/// a channel that the user comes into while his channels are listed is one of them.
#[tokio::test]
async fn a_channel_that_comes_while_all_are_listed_is_followed() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let mut told = node.connect(&ann).await;
    let gate = node.world.gate("memberships", ann.id);
    let mut socket = node.connect(&ann).await;
    socket.send(&json!({"type": "subscribe", "all": true})).await;
    gate.arrivals(1).await;
    let channel = node.channel(&[&ann]);
    node.tell(&added(&node, channel, &ann)).await;
    told.await_type("channel_added").await;
    gate.open();
    assert_eq!(socket.await_type("subscribed").await["channel_id"], json!(channel));
}

/// the client's own subscription and the one that is made for it do not get in each other's way.
#[tokio::test]
async fn two_followings_of_one_channel_tell_each_event_once() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let mut socket = node.follow_all(&ann).await;
    let channel = node.channel(&[&ann]);
    let added = added(&node, channel, &ann);
    for number in 0..3 {
        node.log(channel, &format!("message {number}"));
    }
    let gate = node.world.gate("events", channel);
    node.tell(&added).await;
    gate.arrivals(1).await;
    socket.send(&json!({"type": "subscribe", "channel_id": channel, "after": 0})).await;
    gate.arrivals(2).await;
    gate.open();
    node.post(channel, "live").await;
    assert_eq!(numbers_to(&mut socket, channel, 4).await, [1, 2, 3, 4]);
}

/// a subscription that fails takes no other along, be it under way or live.
#[tokio::test]
async fn a_subscription_that_fails_leaves_the_other_in_place() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let mut socket = node.follow_all(&ann).await;
    let channel = node.channel(&[&ann]);
    let added = added(&node, channel, &ann);
    node.log(channel, "missed");
    let gate = node.world.gate("events", channel);
    node.tell(&added).await;
    gate.arrivals(1).await;
    let again = json!({"type": "subscribe", "channel_id": channel});
    for live in [2, 3] {
        node.world.set_down(true);
        socket.send(&again).await;
        assert_eq!(socket.await_type("error").await["code"], "SERVICE_UNAVAILABLE");
        node.world.set_down(false);
        gate.open();
        node.post(channel, "live").await;
        assert_eq!(numbers_to(&mut socket, channel, live).await, (1..=live).collect::<Vec<_>>());
    }
}
