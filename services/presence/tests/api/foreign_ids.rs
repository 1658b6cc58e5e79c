//! Ids of what belongs to others or is gone, at every endpoint and in every frame that takes one.

use colink_core::clock::SystemClock;
use colink_core::id::{ChannelId, MessageId};
use colink_core::role::WorkspaceRole;
use colink_events::channels::MemberLeft;
use colink_test::{Foreign, SOON, Socket, TestUser, Told, assert_foreign_ids, eventually};
use serde_json::{Value, json};

use crate::harness::{Node, seat};

async fn status(node: &Node, of: &TestUser, to: &TestUser) -> String {
    let path = format!("/presence?user_ids={}", of.id);
    node.service.client(to).get(&path).await.expect(200).text("/items/0/status")
}

/// R-5, T-4: whoever shares no workspace with a user is told of him what he is told of nobody, and so is who left it, and who
/// stayed of him who left.
#[tokio::test]
async fn whoever_is_no_colleague_is_as_good_as_nobody() {
    let node = Node::start().await;
    let [ann, ben, gone, eve] = ["ann", "ben", "gone", "eve"].map(|name| node.user(name));
    let channel = node.channel(&[&ann, &ben, &gone]);
    let own = node.channel(&[&eve]);
    let _open = (node.follow(&ann, channel).await, node.follow(&eve, own).await);
    let _his = node.follow(&gone, channel).await;
    for user in [&ann, &gone] {
        eventually("who is here is seen", SOON, async || {
            (status(&node, user, &ben).await == "online").then_some(())
        })
        .await;
    }
    node.world.leave(channel, gone.id);
    node.tell(&MemberLeft(seat(node.world.workspace_of(channel), gone.id, WorkspaceRole::Member))).await;
    eventually("who left is not seen", SOON, async || {
        (status(&node, &gone, &ben).await == "offline").then_some(())
    })
    .await;

    let [ann_id, gone_id] = [&ann, &gone].map(|user| user.id.to_string());
    let (here, left) = ([("user_ids", ann_id.as_str())], [("user_ids", gone_id.as_str())]);
    let scene = |what, user, ids| {
        let client = node.service.client(user);
        Foreign { what, client, ids, own: &[], told: Told::Nothing, unless: &[] }
    };
    assert_foreign_ids(
        &node.service,
        &[
            scene("an outsider", &eve, &here),
            scene("an outsider, who left", &eve, &left),
            scene("who left", &gone, &here),
            scene("a member, who left", &ben, &left),
        ],
    )
    .await;
    // There was something to be told, and it is as it was.
    assert_eq!(status(&node, &ann, &ben).await, "online");
}

/// What the socket is told of a frame with `id` in it, until the node is done with it. The id itself is left out, and what others
/// do meanwhile.
async fn told(node: &Node, socket: &mut Socket, frame: &Value, id: &str) -> Vec<String> {
    let before = socket.seen().len();
    socket.send(frame).await;
    node.settled(socket).await;
    let frames =
        socket.seen()[before..].iter().filter(|frame| frame["type"] != "pong" && frame["type"] != "presence");
    frames.map(|frame| frame.to_string().replace(id, "…")).collect()
}

/// C-3, R-2, R-6, T-4: a frame that names a channel of another workspace, be it public or private, is answered as one that names
/// nothing, and nobody there hears of it.
#[tokio::test]
async fn a_frame_about_what_belongs_to_others_is_as_good_as_about_nothing() {
    let node = Node::start().await;
    let (ann, eve) = (node.user("ann"), node.user("eve"));
    let (private, public, own) = (node.channel(&[&ann]), node.public_channel(), node.channel(&[&eve]));
    node.post(private, "a secret").await;
    let mut hers = node.follow(&ann, private).await;
    let mut socket = node.follow_all(&eve).await;
    let thread = MessageId::generate(&SystemClock);
    let nothing = ChannelId::generate(&SystemClock);
    let frames = |id: ChannelId| {
        [
            json!({"type": "subscribe", "channel_id": id}),
            json!({"type": "subscribe", "channel_id": id, "after": 0}),
            json!({"type": "typing", "channel_id": id}),
            json!({"type": "typing", "channel_id": id, "thread_id": thread}),
            json!({"type": "unsubscribe", "channel_id": id}),
            json!({"type": "subscribe", "all": true, "cursors": {id.to_string(): 0}}),
        ]
    };
    for foreign in [private, public] {
        for (frame, of_nothing) in frames(foreign).iter().zip(&frames(nothing)) {
            let expected = told(&node, &mut socket, of_nothing, &nothing.to_string()).await;
            assert!(!expected.is_empty(), "{of_nothing} is answered");
            assert_eq!(told(&node, &mut socket, frame, &foreign.to_string()).await, expected, "{frame}");
        }
    }
    node.post(private, "another").await;
    hers.await_type("message").await;
    node.post(own, "the last").await;
    assert_eq!(socket.await_type("message").await["channel_id"], json!(own), "{:?}", socket.seen());
    assert!(hers.seen().iter().all(|frame| frame["type"] != "typing" && frame["user_id"] != json!(eve.id)));
}
