//! Rights that end while a channel is being followed.

use colink_core::clock::{Clock, SystemClock};
use colink_core::id::ChannelId;
use colink_core::role::WorkspaceRole;
use colink_events::channels::{ChannelMemberRemoved, MemberRemoved, WorkspaceUpdated};
use colink_test::{Socket, TestUser};
use serde_json::{Value, json};

use crate::gate::Gate;
use crate::harness::{Node, membership, seat};

async fn remove(node: &Node, channel: ChannelId, user: &TestUser) {
    node.world.leave(channel, user.id);
    let workspace = node.world.workspace_of(channel);
    node.tell(&ChannelMemberRemoved(membership(channel, workspace, user.id))).await;
}

fn is_message(frame: &Value) -> bool {
    frame["type"] == "message"
}

/// A socket whose question for the right to a channel was answered, but has not got the answer.
async fn asking(node: &Node, user: &TestUser, channel: ChannelId) -> (Socket, Gate) {
    let gate = node.world.gate("standing", channel);
    let mut socket = node.connect(user).await;
    socket.send(&json!({"type": "subscribe", "channel_id": channel, "after": 0})).await;
    gate.arrivals(1).await;
    (socket, gate)
}

/// R-9, C-6: who is removed while he catches up gets nothing more, not even what was read for him already.
#[tokio::test]
async fn a_removal_ends_a_catch_up() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    for number in 0..600 {
        node.log(channel, &format!("missed {number}"));
    }
    let gate = node.world.gate("events", channel);
    gate.let_one_pass();
    let mut socket = node.connect(&ann).await;
    socket.send(&json!({"type": "subscribe", "channel_id": channel, "after": 0})).await;
    gate.arrivals(2).await;
    socket.await_frame("the first page", |frame| frame["seq"] == 500 && is_message(frame)).await;
    remove(&node, channel, &ann).await;
    socket.await_type("channel_removed").await;
    node.post(channel, "a secret").await;
    gate.open();
    node.settled(&mut socket).await;
    assert_eq!(socket.seen().iter().filter(|frame| is_message(frame)).count(), 500);
}

/// R-9, C-6: a removal from a channel whose turn has not come yet in a long list.
#[tokio::test]
async fn a_removal_ends_a_following_that_waits_for_its_turn() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channels = [node.channel(&[&ann]), node.channel(&[&ann])];
    let gates = channels.map(|channel| node.world.gate("events", channel));
    for channel in channels {
        node.log(channel, "missed");
    }
    let mut socket = node.connect(&ann).await;
    let cursors: serde_json::Map<String, Value> =
        channels.iter().map(|channel| (channel.to_string(), json!(0))).collect();
    socket.send(&json!({"type": "subscribe", "all": true, "cursors": cursors})).await;
    let lost = tokio::select! {
        () = gates[0].arrivals(1) => channels[1],
        () = gates[1].arrivals(1) => channels[0],
    };
    remove(&node, lost, &ann).await;
    assert_eq!(socket.await_type("channel_removed").await["channel_id"], json!(lost));
    for gate in gates {
        gate.open();
    }
    node.settled(&mut socket).await;
    let told = socket.seen().iter().filter(|frame| frame["type"] != "channel_removed");
    assert!(told.clone().any(is_message), "the other channel goes on");
    assert!(told.clone().all(|frame| frame["channel_id"] != json!(lost)), "{:?}", socket.seen());
}

/// R-9, W-2: who leaves the workspace between the question for his right and its answer does not follow.
#[tokio::test]
async fn an_answer_that_a_removal_made_stale_admits_nobody() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let public = node.public_channel();
    node.world.add_colleague(ann.id);
    node.log(public, "a secret");
    let beside = node.channel_beside(public, &[&ann]);
    let mut witness = node.follow(&ann, beside).await;
    let (mut socket, gate) = asking(&node, &ann, public).await;
    node.world.remove_colleague(ann.id);
    node.world.leave(beside, ann.id);
    let gone = seat(node.world.workspace_of(public), ann.id, WorkspaceRole::Member);
    node.tell(&MemberRemoved(gone)).await;
    witness.await_type("channel_removed").await;
    gate.open();
    assert_eq!(socket.await_type("error").await["code"], "NOT_FOUND");
    node.post(public, "another").await;
    socket.send(&json!({"type": "typing", "channel_id": public})).await;
    assert_eq!(socket.await_type("error").await["code"], "FORBIDDEN", "it does not follow");
    assert!(!socket.seen().iter().any(is_message), "{:?}", socket.seen());
}

/// R-9, C-6: a removal from the channel itself, and a return: the answer that counts is the newest.
#[tokio::test]
async fn who_comes_back_while_his_right_is_asked_for_follows() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    let mut witness = node.follow(&ann, channel).await;
    let (mut socket, gate) = asking(&node, &ann, channel).await;
    remove(&node, channel, &ann).await;
    witness.await_type("channel_removed").await;
    node.world.join(channel, ann.id);
    gate.open();
    socket.await_type("subscribed").await;
    node.post(channel, "welcome back").await;
    socket.await_type("message").await;
}

/// a second factor that is asked for from now on is asked for of who is about to follow.
#[tokio::test]
async fn an_answer_from_before_a_second_factor_was_asked_for_admits_nobody() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    let beside = node.channel_beside(channel, &[&ann]);
    let mut witness = node.follow(&ann, beside).await;
    let (mut socket, gate) = asking(&node, &ann, channel).await;
    node.world.require_mfa();
    let (id, at) = (node.world.workspace_of(channel), SystemClock.timestamp());
    let workspace = json!({
        "id": id, "name": "Works", "slug": "works", "owner_id": ann.id, "plan": "free", "require_mfa": true,
        "version": 2, "created_at": at, "updated_at": at,
    });
    node.tell(&WorkspaceUpdated { workspace: serde_json::from_value(workspace).unwrap() }).await;
    assert_eq!(witness.await_close().await.0, 4001);
    gate.open();
    assert_eq!(socket.await_type("error").await["code"], "MFA_REQUIRED");
}
