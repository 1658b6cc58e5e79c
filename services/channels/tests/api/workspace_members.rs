//! `/workspaces/{id}/members` and `POST /workspaces/{id}/leave`.

use std::collections::BTreeSet;

use colink_core::role::WorkspaceRole;
use colink_events::Topic;
use colink_events::channels::{
    ChannelMemberRemoved, MemberJoined, MemberLeft, MemberRemoved, MemberRoleChanged, WorkspaceUpdated,
};
use serde_json::json;

use crate::harness::{World, refuses, texts};

/// W-2: members are listed in pages and found by their names; guests do not see who is there.
#[tokio::test]
async fn members_are_listed_and_found() {
    let world = World::start().await;
    let ada = world.user("ada");
    let id = world.workspace(&ada).await;
    let grace = world.member(&ada, &id, "grace", "admin").await;
    let gus = world.member(&ada, &id, "gus", "guest").await;
    let client = world.client(&ada);
    let path = format!("/workspaces/{id}/members");
    let all = client.get(&path).await.expect(200);
    let ids = [ada.id, grace.id, gus.id].map(|id| id.to_string());
    assert_eq!(texts(&all, "/user_id"), ids);
    assert_eq!(texts(&all, "/role"), ["owner", "admin", "guest"]);
    assert_eq!(texts(&all, "/username"), [&ada, &grace, &gus].map(|user| user.username.clone()));
    let found = client.get(&format!("{path}?q=GRACE")).await.expect(200);
    assert_eq!(texts(&found, "/user_id"), [grace.id.to_string()]);
    assert_eq!(found.value("/total"), 1);
    assert!(texts(&client.get(&format!("{path}?q=%25")).await.expect(200), "/user_id").is_empty());
    let guests = client.get(&format!("{path}?role=guest&page_size=1")).await.expect(200);
    assert_eq!(texts(&guests, "/user_id"), [gus.id.to_string()]);
    let second = client.get(&format!("{path}?page=2&page_size=2")).await.expect(200);
    assert_eq!((texts(&second, "/user_id"), second.value("/total")), (vec![ids[2].clone()], json!(3)));
    let refused = client.get(&format!("{path}?page_size=0&role=king&q={}", "q".repeat(81))).await.expect(400);
    assert_eq!(refused.error_fields(), ["page_size", "q", "role"]);
    world.client(&gus).get(&path).await.expect(403);
}

/// W-2: nobody touches or gives a role above his own.
#[tokio::test]
async fn roles_are_given_by_rank() {
    let world = World::start().await;
    let ada = world.user("ada");
    let id = world.workspace(&ada).await;
    let grace = world.member(&ada, &id, "grace", "admin").await;
    let alan = world.member(&ada, &id, "alan", "member").await;
    let path = |user: &colink_test::TestUser| format!("/workspaces/{id}/members/{}", user.id);
    let (owner, admin, member) = (world.client(&ada), world.client(&grace), world.client(&alan));

    let promoted = admin.put(&path(&alan), &json!({ "role": "moderator" })).await.expect(200);
    assert_eq!(
        (promoted.text("/role"), promoted.text("/username")),
        ("moderator".to_owned(), alan.username.clone())
    );
    admin.patch(&path(&alan), &json!({ "role": "owner" })).await.expect(403);
    admin.put(&path(&ada), &json!({ "role": "member" })).await.expect(403);
    admin.delete(&path(&ada)).await.expect(403);
    member.put(&path(&grace), &json!({ "role": "guest" })).await.expect(403);
    member.delete(&path(&grace)).await.expect(403);
    owner.put(&path(&world.user("nobody")), &json!({ "role": "member" })).await.expect(404);
    let cases: &[(&str, &str, &[&str])] = &[
        ("{}", "VALIDATION_ERROR", &["role"]),
        (r#"{"role":"king"}"#, "VALIDATION_ERROR", &["role"]),
        (r#"{"role":null}"#, "INVALID_REQUEST", &["role"]),
    ];
    refuses(&owner, "PUT", &path(&alan), cases).await;

    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (event, _) = probe.await_event::<MemberRoleChanged>(|event| event.0.user_id == alan.id).await;
    assert_eq!((event.0.role, event.0.version, event.0.by), (WorkspaceRole::Moderator, 2, Some(grace.id)));
}

/// W-2: the last owner can neither leave, be demoted nor be removed; with a second one he can, and the workspace is
/// handed over.
#[tokio::test]
async fn the_last_owner_stays() {
    let world = World::start().await;
    let (ada, root) = (world.user("ada"), world.admin("root"));
    let id = world.workspace(&ada).await;
    let grace = world.member(&ada, &id, "grace", "member").await;
    let own = format!("/workspaces/{id}/members/{}", ada.id);
    let (client, leave) = (world.client(&ada), format!("/workspaces/{id}/leave"));
    assert_eq!(client.post(&leave, &json!({})).await.expect(409).error_code(), "CONFLICT");
    client.put(&own, &json!({ "role": "admin" })).await.expect(409);
    client.delete(&own).await.expect(409);
    world.client(&root).delete(&own).await.expect(409);

    client
        .put(&format!("/workspaces/{id}/members/{}", grace.id), &json!({ "role": "owner" }))
        .await
        .expect(200);
    client.post(&leave, &json!({})).await.expect(204);
    client.get(&format!("/workspaces/{id}")).await.expect(404);
    let seen = world.client(&grace).get(&format!("/workspaces/{id}")).await.expect(200);
    assert_eq!(seen.text("/owner_id"), grace.id.to_string());
    world.client(&grace).post(&leave, &json!({})).await.expect(409);
    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (left, _) = probe.await_event::<MemberLeft>(|event| event.0.user_id == ada.id).await;
    assert_eq!((left.0.version, left.0.by), (2, None));
    let (given, _) =
        probe.await_event::<WorkspaceUpdated>(|event| event.workspace.id.to_string() == id).await;
    assert_eq!(given.workspace.owner_id, grace.id);
}

/// W-2: two owners who leave at the same time cannot both.
#[tokio::test]
async fn two_last_owners_do_not_leave_together() {
    let world = World::start().await;
    let ada = world.user("ada");
    let id = world.workspace(&ada).await;
    let grace = world.member(&ada, &id, "grace", "owner").await;
    let path = format!("/workspaces/{id}/leave");
    let (one, other) = (world.client(&ada), world.client(&grace));
    let body = json!({});
    let (one, other) = tokio::join!(one.post(&path, &body), other.post(&path, &body));
    let statuses: BTreeSet<u16> = [one, other].map(|answer| answer.status.as_u16()).into();
    assert_eq!(statuses, BTreeSet::from([204, 409]));
}

/// W-2, C-6: a removed member is out of every channel at once, each told by an event; versions go on when he is back.
#[tokio::test]
async fn a_removed_member_is_out_of_every_channel() {
    let world = World::start().await;
    let ada = world.user("ada");
    let id = world.workspace(&ada).await;
    let grace = world.member(&ada, &id, "grace", "member").await;
    let general = world.general(&ada, &id).await;
    let secret = world.channel(&ada, &id, "secret", "private").await;
    let client = world.client(&ada);
    client.post(&format!("/channels/{secret}/members"), &json!({ "user_id": grace.id })).await.expect(200);
    let dm = json!({ "workspace_id": id, "participant_ids": [grace.id] });
    let dm = client.post("/dms", &dm).await.expect(201).text("/id");
    client.delete(&format!("/workspaces/{id}/members/{}", grace.id)).await.expect(204);
    client.delete(&format!("/workspaces/{id}/members/{}", grace.id)).await.expect(404);
    for channel in [&general, &secret, &dm] {
        world.client(&grace).get(&format!("/channels/{channel}")).await.expect(404);
    }

    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (removed, _) = probe.await_event::<MemberRemoved>(|event| event.0.user_id == grace.id).await;
    assert_eq!((removed.0.version, removed.0.by), (2, Some(ada.id)));
    for channel in [&general, &secret, &dm] {
        let (out, _) = probe
            .await_event::<ChannelMemberRemoved>(|event| {
                event.0.user_id == grace.id && event.0.channel_id.to_string() == **channel
            })
            .await;
        assert_eq!((out.0.version, out.0.by), (2, Some(ada.id)));
    }
    world.join(&ada, &id, &grace, "moderator").await;
    let (back, _) =
        probe.await_event::<MemberJoined>(|event| event.0.user_id == grace.id && event.0.version == 3).await;
    assert_eq!(back.0.role, WorkspaceRole::Moderator);
    world.client(&grace).get(&format!("/channels/{general}")).await.expect(200);
    world.client(&grace).get(&format!("/channels/{secret}")).await.expect(403);
}
