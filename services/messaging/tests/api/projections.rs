use colink_core::clock::{Clock, SystemClock};
use colink_core::id::{ChannelId, UserId};
use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};
use colink_events::channels::{
    ChannelArchived, ChannelCreated, ChannelMemberAdded, ChannelMemberRemoved, ChannelUnarchived, DmCreated,
    MemberJoined, MemberLeft, MemberRoleChanged, WorkspaceDeleted, WorkspacePayload, WorkspaceUpdated,
};
use colink_events::users::{UserPayload, UserUpdated};
use colink_test::Client;
use serde_json::json;

use crate::harness::{Person, World};

/// E-3, S-1: events that come twice, late and in the wrong order end in the same rows.
#[actix_web::test]
async fn projections_do_not_mind_order() {
    let world = World::new().await;
    let ada = world.stranger("ada").await;
    let channel = ChannelId::generate(&SystemClock);
    let seat = |version| world.seat(channel, ChannelKind::Public, ada.id(), ChannelRole::Member, version);
    let payload = |archived, version| world.payload(channel, ChannelKind::Public, archived, version);

    // The membership before its channel, the removal before the joining, the last state before the first.
    world.emit(&ChannelMemberRemoved(seat(2))).await;
    world.emit(&ChannelMemberAdded(seat(1))).await;
    world.emit(&ChannelUnarchived { channel: payload(false, 3) }).await;
    world.emit(&ChannelArchived { channel: payload(true, 2) }).await;
    world.emit(&ChannelCreated { channel: payload(false, 1) }).await;
    world.emit(&MemberRoleChanged(world.member(ada.id(), WorkspaceRole::Guest, 2))).await;
    world.emit(&MemberJoined(world.member(ada.id(), WorkspaceRole::Member, 1))).await;
    world
        .await_count("select count(*) from channel_heads where channel_id = $1 and version = 3", channel, 1)
        .await;
    world
        .await_count(
            "select count(*) from workspace_members where user_id = $1 and role = 'guest'",
            ada.id(),
            1,
        )
        .await;
    let body = json!({ "content": "hi" });
    ada.post(channel, &body).await.expect(403);

    world.emit(&ChannelMemberAdded(seat(3))).await;
    world
        .await_count("select count(*) from channel_members where channel_id = $1 and active", channel, 1)
        .await;
    ada.post(channel, &body).await.expect(201);
    world.emit(&MemberLeft(world.member(ada.id(), WorkspaceRole::Guest, 3))).await;
    world
        .await_count("select count(*) from workspace_members where user_id = $1 and active", ada.id(), 0)
        .await;
    ada.post(channel, &body).await.expect(404);
    world.finish().await;
}

/// W-1: nobody posts into a deleted workspace.
#[actix_web::test]
async fn a_deleted_workspace_is_closed_to_everybody() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    ada.says(channel, "hi").await;
    let at = SystemClock.timestamp();
    let workspace = json!({
        "id": world.workspace_id, "name": "Gone", "slug": "gone", "owner_id": ada.id(), "plan": "free",
        "member_limit": 0, "version": 2, "created_at": at, "updated_at": at, "deleted_at": at,
    });
    world.emit(&WorkspaceDeleted { workspace: serde_json::from_value(workspace).unwrap() }).await;
    let active = "select count(*) from workspace_members where user_id = $1 and active";
    world.await_count(active, ada.id(), 0).await;
    ada.post(channel, &json!({ "content": "still here" })).await.expect(404);
    world.finish().await;
}

/// The workspace, which asks for a second factor or does not.
pub(crate) fn updated(world: &World, require_mfa: bool, version: i64) -> WorkspaceUpdated {
    let at = SystemClock.timestamp();
    let workspace = WorkspacePayload {
        id: world.workspace_id,
        name: "Works".to_owned(),
        slug: "works".to_owned(),
        owner_id: UserId::generate(&SystemClock),
        plan: "free".to_owned(),
        member_limit: None,
        require_mfa,
        version,
        created_at: at,
        updated_at: at,
        deleted_at: None,
    };
    WorkspaceUpdated { workspace }
}

/// A session of somebody that was proven by a second factor.
pub(crate) fn proven(world: &World, person: &Person) -> Client {
    let mint = world.stage.identity().mint(&person.user).claim("amr", json!(["pwd", "otp", "mfa"]));
    world.messaging.anonymous().bearer(&mint.sign())
}

/// where a second factor is asked for, a session that was not proven by one reads and writes nothing.
#[actix_web::test]
async fn a_workspace_that_asks_for_a_second_factor_is_closed() {
    let world = World::new().await;
    let (ada, eve) = (world.person("ada").await, world.stranger("eve").await);
    let channel = world.public(&[&ada]).await;
    let message = ada.says(channel, "hi").await.text("/id");
    world.emit(&updated(&world, true, 3)).await;
    // Late, and older than what is known.
    world.emit(&updated(&world, false, 2)).await;
    let asked = "select count(*) from workspaces where workspace_id = $1 and require_mfa and version = 3";
    world.await_count(asked, world.workspace_id, 1).await;
    let proven = proven(&world, &ada);
    let (messages, one) = (format!("/channels/{channel}/messages"), format!("/messages/{message}"));
    for path in [&messages, &one, &format!("/channels/{channel}/events"), &format!("{one}/threads")] {
        assert_eq!(ada.client.get(path).await.expect(401).error_code(), "MFA_REQUIRED", "{path}");
        proven.get(path).await.expect(200);
        eve.client.get(path).await.expect(404);
    }
    let body = json!({ "content": "still here" });
    for path in [&messages, &format!("{one}/threads")] {
        assert_eq!(ada.client.post(path, &body).await.expect(401).error_code(), "MFA_REQUIRED", "{path}");
        proven.post(path, &body).await.expect(201);
    }
    world.finish().await;
}

/// C-4: a direct conversation is a channel of its members.
#[actix_web::test]
async fn a_direct_conversation_is_a_channel() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let eve = world.person("eve").await;
    let channel_id = ChannelId::generate(&SystemClock);
    let at = SystemClock.timestamp();
    let participant_ids = vec![ada.id(), bob.id()];
    world
        .emit(&DmCreated {
            channel_id,
            workspace_id: world.workspace_id,
            participant_ids,
            created_by: ada.id(),
            at,
        })
        .await;
    world
        .await_count("select count(*) from channel_members where channel_id = $1 and active", channel_id, 2)
        .await;
    let path = format!("/dms/{channel_id}/messages");
    ada.client.post(&path, &json!({ "content": "psst" })).await.expect(201);
    bob.client.get(&path).await.expect(200);
    eve.client.get(&path).await.expect(403);
    world.finish().await;
}

/// M-9: a new name shows beside old messages.
#[actix_web::test]
async fn a_new_name_shows_everywhere() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    ada.says(channel, "hi").await;
    world
        .emit(&UserUpdated(UserPayload {
            user_id: ada.id(),
            username: ada.user.username.clone(),
            display_name: "Ada \"Countess\" L.".to_owned(),
            avatar_url: Some("https://cdn.example/a.png".to_owned()),
            status: None,
            time_zone: None,
            bot: false,
            version: 2,
            at: SystemClock.timestamp(),
        }))
        .await;
    world.await_count("select count(*) from users where user_id = $1 and version = 2", ada.id(), 1).await;
    let page = ada.client.get(&format!("/channels/{channel}/messages")).await.expect(200);
    assert_eq!(page.text("/items/0/author/display_name"), "Ada \"Countess\" L.");
    let sent = ada.says(channel, "again").await;
    assert_eq!(sent.text("/author/avatar_url"), "https://cdn.example/a.png");
    world.finish().await;
}
