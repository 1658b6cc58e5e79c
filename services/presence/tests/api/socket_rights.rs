//! Who may follow what, and for how long.

use std::time::Duration;

use colink_auth::RevocationList;
use colink_core::clock::{Clock, SystemClock};
use colink_core::id::{ChannelId, WorkspaceId};
use colink_core::role::WorkspaceRole;
use colink_events::channels::{
    ChannelMemberAdded, ChannelMemberRemoved, MemberRemoved, MemberRoleChanged, WorkspaceDeleted,
    WorkspaceUpdated,
};
use colink_events::users::{SessionRevoked, UserDeactivated, UserErased, UserSuspended};
use colink_store::redis::RedisConfig;
use colink_telemetry::Metrics;
use colink_test::{SOON, Socket, eventually};
use serde_json::json;

use crate::harness::{Node, membership, seat};

/// R-2, C-2
#[tokio::test]
async fn only_members_may_follow_a_private_channel() {
    let node = Node::start().await;
    let (ann, colleague, stranger) = (node.user("ann"), node.user("cole"), node.user("eve"));
    let channel = node.channel(&[&ann]);
    node.world.add_colleague(colleague.id);
    for (user, code) in [(&colleague, "FORBIDDEN"), (&stranger, "NOT_FOUND")] {
        let mut socket = node.connect(user).await;
        socket.send(&json!({"type": "subscribe", "channel_id": channel, "after": 0})).await;
        let error = socket.await_type("error").await;
        assert_eq!((&error["code"], &error["channel_id"]), (&json!(code), &json!(channel)));
        node.post(channel, "not for you").await;
        socket.send(&json!({"type": "ping"})).await;
        socket.await_type("pong").await;
        assert!(socket.seen().iter().all(|frame| frame["type"] != "message"), "{:?}", socket.seen());
    }
    let mut socket = node.connect(&ann).await;
    socket.send(&json!({"type": "subscribe", "channel_id": ChannelId::generate(&SystemClock)})).await;
    assert_eq!(socket.await_type("error").await["code"], "NOT_FOUND");
}

/// where a second factor is asked for, a session that was not proven by one follows nothing; one that does is closed.
#[tokio::test]
async fn a_workspace_that_asks_for_a_second_factor_is_not_followed() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    let mut followed = node.follow(&ann, channel).await;
    node.world.require_mfa();
    let (id, at) = (node.world.workspace_of(channel), SystemClock.timestamp());
    let workspace = json!({
        "id": id, "name": "Works", "slug": "works", "owner_id": ann.id, "plan": "free", "require_mfa": true,
        "version": 2, "created_at": at, "updated_at": at,
    });
    node.tell(&WorkspaceUpdated { workspace: serde_json::from_value(workspace).unwrap() }).await;
    assert_eq!(followed.await_close().await.0, 4001);

    let mut socket = node.connect(&ann).await;
    socket.send(&json!({"type": "subscribe", "channel_id": channel, "after": 0})).await;
    let error = socket.await_type("error").await;
    assert_eq!((&error["code"], &error["channel_id"]), (&json!("MFA_REQUIRED"), &json!(channel)));
    let mint = node.stage.identity().mint(&ann).claim("amr", json!(["pwd", "otp", "mfa"]));
    let mut proven = Socket::connect(&node.url_with(&mint.sign())).await;
    proven.await_type("hello").await;
    proven.send(&json!({"type": "subscribe", "channel_id": channel, "after": 0})).await;
    proven.await_type("subscribed").await;
}

/// a session that has to enrol a second factor opens no socket.
#[tokio::test]
async fn a_session_that_has_to_enrol_opens_no_socket() {
    let node = Node::start().await;
    let mint = node.stage.identity().mint(&node.user("ann")).claim("mfa_enrolment", true);
    let mut socket = Socket::connect(&node.url_with(&mint.sign())).await;
    assert_eq!(socket.await_close().await.0, 4001);
}

/// C-6, R-9: a removed member's socket stops receiving, and its other channels go on.
#[tokio::test]
async fn a_removed_member_hears_nothing_more() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let (lost, kept) = (node.channel(&[&ann]), node.channel(&[&ann]));
    let mut socket = node.follow(&ann, lost).await;
    socket.send(&json!({"type": "subscribe", "channel_id": kept})).await;
    socket.await_type("subscribed").await;
    node.world.leave(lost, ann.id);
    node.tell(&ChannelMemberRemoved(membership(lost, WorkspaceId::generate(&SystemClock), ann.id))).await;
    assert_eq!(socket.await_type("channel_removed").await["channel_id"], lost.to_string());
    node.post(lost, "a secret").await;
    node.post(kept, "not a secret").await;
    assert_eq!(socket.await_type("message").await["channel_id"], kept.to_string());
    socket.send(&json!({"type": "subscribe", "channel_id": lost})).await;
    assert_eq!(socket.await_type("error").await["code"], "NOT_FOUND");
}

/// outside the workspace none of its channels is heard.
#[tokio::test]
async fn whoever_leaves_the_workspace_hears_none_of_its_channels() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    let mut socket = node.follow(&ann, channel).await;
    let workspace = node.world.workspace_of(channel);
    node.tell(&MemberRemoved(seat(workspace, ann.id, WorkspaceRole::Member))).await;
    socket.await_type("channel_removed").await;
}

/// R-9, W-2: who becomes a guest hears the public channels no more that he is not in.
#[tokio::test]
async fn a_member_who_becomes_a_guest_hears_only_his_channels() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.public_channel();
    node.world.add_colleague(ann.id);
    let mut socket = node.follow(&ann, channel).await;
    node.world.make_guests();
    let workspace = node.world.workspace_of(channel);
    node.tell(&MemberRoleChanged(seat(workspace, ann.id, WorkspaceRole::Guest))).await;
    assert_eq!(socket.await_type("channel_removed").await["channel_id"], channel.to_string());
}

/// R-9, W-2: what channels could not answer at once is asked again: who may stay hears on, who may not is cut off.
#[tokio::test]
async fn a_right_that_could_not_be_asked_for_is_asked_for_again() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let public = node.public_channel();
    node.world.add_colleague(ann.id);
    let own = node.channel_beside(public, &[&ann]);
    let mut socket = node.follow(&ann, public).await;
    socket.send(&json!({"type": "subscribe", "channel_id": own})).await;
    socket.await_type("subscribed").await;
    node.world.make_guests();
    node.world.set_down(true);
    let asked = node.world.refused();
    let workspace = node.world.workspace_of(public);
    node.tell(&MemberRoleChanged(seat(workspace, ann.id, WorkspaceRole::Guest))).await;
    // The check of heads is refused as well, all the while.
    eventually("both rights are asked for", SOON, async || (node.world.refused() > asked + 3).then_some(()))
        .await;
    node.world.set_down(false);
    assert_eq!(socket.await_type("channel_removed").await["channel_id"], public.to_string());
    node.post(own, "hello").await;
    assert_eq!(socket.await_type("message").await["channel_id"], own.to_string());
}

/// a right that nobody confirms does not stand; the client may ask for it again.
#[tokio::test]
async fn a_right_that_nobody_confirms_ends() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    let mut socket = node.follow(&ann, channel).await;
    node.world.set_down(true);
    let workspace = node.world.workspace_of(channel);
    node.tell(&MemberRoleChanged(seat(workspace, ann.id, WorkspaceRole::Member))).await;
    assert_eq!(socket.await_type("channel_removed").await["channel_id"], channel.to_string());
    node.world.set_down(false);
    socket.send(&json!({"type": "subscribe", "channel_id": channel, "after": 0})).await;
    socket.await_type("subscribed").await;
    node.post(channel, "hello").await;
    socket.await_type("message").await;
}

/// any refusal is one, also that a second factor is asked for.
#[tokio::test]
async fn a_right_that_takes_a_second_factor_by_now_ends() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let channel = node.channel(&[&ann]);
    let mut socket = node.follow(&ann, channel).await;
    node.world.require_mfa();
    let workspace = node.world.workspace_of(channel);
    node.tell(&MemberRoleChanged(seat(workspace, ann.id, WorkspaceRole::Member))).await;
    assert_eq!(socket.await_type("channel_removed").await["channel_id"], channel.to_string());
}

/// a subscription that is refused takes the one before it along.
#[tokio::test]
async fn a_refused_subscription_ends_the_one_before_it() {
    let node = Node::start().await;
    let (ann, ben) = (node.user("ann"), node.user("ben"));
    let channel = node.channel(&[&ann, &ben]);
    let (mut hers, mut his) = (node.follow(&ann, channel).await, node.follow(&ben, channel).await);
    node.world.leave(channel, ann.id);
    hers.send(&json!({"type": "subscribe", "channel_id": channel})).await;
    assert_eq!(hers.await_type("error").await["code"], "NOT_FOUND");
    node.post(channel, "a secret").await;
    his.await_type("message").await;
    node.settled(&mut hers).await;
    assert!(hers.seen().iter().all(|frame| frame["type"] != "message"), "{:?}", hers.seen());
}

/// R-9, W-1: a deleted workspace is silent for everybody.
#[tokio::test]
async fn a_deleted_workspace_is_silent() {
    let node = Node::start().await;
    let (ann, ben) = (node.user("ann"), node.user("ben"));
    let (channel, elsewhere) = (node.channel(&[&ann, &ben]), node.channel(&[&ann, &ben]));
    let mut sockets = [node.follow(&ann, channel).await, node.follow(&ben, channel).await];
    for socket in &mut sockets {
        socket.send(&json!({"type": "subscribe", "channel_id": elsewhere})).await;
        socket.await_type("subscribed").await;
    }
    let (id, at) = (node.world.workspace_of(channel), SystemClock.timestamp());
    let workspace = json!({"id": id, "name": "Gone", "slug": "gone", "owner_id": ann.id, "plan": "free", "member_limit": 0,
        "version": 2, "created_at": at, "updated_at": at, "deleted_at": at});
    node.tell(&WorkspaceDeleted { workspace: serde_json::from_value(workspace).unwrap() }).await;
    for socket in &mut sockets {
        assert_eq!(socket.await_type("channel_removed").await["channel_id"], channel.to_string());
    }
    node.post(channel, "a secret").await;
    node.post(elsewhere, "not a secret").await;
    for socket in &mut sockets {
        assert_eq!(socket.await_type("message").await["channel_id"], elsewhere.to_string());
        node.settled(socket).await;
        let messages = socket.seen().iter().filter(|frame| frame["type"] == "message");
        assert_eq!(messages.count(), 1, "{:?}", socket.seen());
    }
}

/// who follows everything also follows the channel he is added to.
#[tokio::test]
async fn a_new_membership_reaches_the_open_socket() {
    let node = Node::start().await;
    let (ann, ben) = (node.user("ann"), node.user("ben"));
    let channel = node.channel(&[&ben]);
    let mut socket = node.connect(&ann).await;
    socket.send(&json!({"type": "subscribe", "all": true})).await;
    socket.send(&json!({"type": "ping"})).await;
    socket.await_type("pong").await;
    node.world.join(channel, ann.id);
    node.tell(&ChannelMemberAdded(membership(channel, WorkspaceId::generate(&SystemClock), ann.id))).await;
    socket.await_type("channel_added").await;
    assert_eq!(socket.await_type("subscribed").await["channel_id"], channel.to_string());
    node.post(channel, "welcome").await;
    socket.await_type("message").await;
}

/// the sockets of a revoked session are closed, and no others.
#[tokio::test]
async fn a_revoked_session_loses_its_sockets() {
    let node = Node::start().await;
    let (ann, ben) = (node.user("ann"), node.user("ben"));
    let (mut hers, mut his) = (node.connect(&ann).await, node.connect(&ben).await);
    let at = SystemClock.timestamp();
    let revoked =
        SessionRevoked { user_id: ann.id, session_id: Some(ann.session_id), reason: "logout".to_owned(), at };
    node.tell(&revoked).await;
    assert_eq!(hers.await_type("session_revoked").await["reason"], "logout");
    assert_eq!(hers.await_close().await.0, 4003);
    his.send(&json!({"type": "ping"})).await;
    his.await_type("pong").await;
}

/// a session whose end this node did not hear of ends with the next heartbeat.
#[tokio::test]
async fn a_revocation_that_was_missed_is_found_at_the_heartbeat() {
    let node = Node::start_with(colink_test::Settings::new().set("sockets.heartbeat_ms", 300)).await;
    let ann = node.user("ann");
    let mut socket = node.connect(&ann).await;
    let redis = RedisConfig {
        prefix: node.stage.redis_prefix(),
        ..RedisConfig::new(colink_test::Environment::get().redis().to_owned().into())
    };
    let redis = colink_store::redis::connect(&redis).await.unwrap();
    let list = RevocationList::new(redis, &Metrics::new("test").unwrap()).unwrap();
    list.revoke_session(ann.session_id, Duration::from_secs(60)).await.unwrap();
    assert_eq!(socket.await_close().await.0, 4003);
}

/// R-9, D-1
#[tokio::test]
async fn a_suspended_user_loses_every_socket() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let (mut phone, mut laptop) = (node.connect(&ann).await, node.connect(&ann).await);
    node.tell(&UserSuspended { user_id: ann.id, reason: None, at: SystemClock.timestamp() }).await;
    for socket in [&mut phone, &mut laptop] {
        assert_eq!(socket.await_close().await.0, 4003);
    }
}

/// nobody goes on listening with an account that is closed or gone; others do.
#[tokio::test]
async fn a_closed_or_erased_account_loses_every_socket() {
    let node = Node::start().await;
    let (ann, eve, bob) = (node.user("ann"), node.user("eve"), node.user("bob"));
    let (mut hers, mut other) = (node.connect(&ann).await, node.connect(&eve).await);
    let mut his = node.connect(&bob).await;
    node.tell(&UserDeactivated { user_id: ann.id, at: SystemClock.timestamp() }).await;
    node.tell(&UserErased { user_id: eve.id, email_hash: None, at: SystemClock.timestamp() }).await;
    for socket in [&mut hers, &mut other] {
        assert_eq!(socket.await_close().await.0, 4003);
    }
    his.send(&json!({ "type": "ping" })).await;
    his.await_type("pong").await;
}
