//! `/channels/{id}/members`.

use colink_core::role::ChannelRole;
use colink_events::Topic;
use colink_events::channels::{ChannelMemberAdded, ChannelMemberRemoved, ChannelMemberRoleChanged};
use colink_test::{SOON, eventually};
use futures_util::future::join;
use serde_json::json;

use crate::harness::{World, refuses, texts};

/// C-2: only active members of the workspace are brought into a channel.
#[tokio::test]
async fn inviting_into_a_private_channel() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let alan = world.member(&ada, &workspace, "alan", "member").await;
    let gone = world.member(&ada, &workspace, "gone", "member").await;
    let client = world.client(&ada);
    client.delete(&format!("/workspaces/{workspace}/members/{}", gone.id)).await.expect(204);
    let secret = world.channel(&ada, &workspace, "secret", "private").await;
    let path = format!("/channels/{secret}/members");
    for stranger in [gone.id, world.user("eve").id] {
        let refused = client.post(&path, &json!({ "user_id": stranger })).await.expect(400);
        assert_eq!(
            (refused.error_code(), refused.error_fields()),
            ("VALIDATION_ERROR".to_owned(), vec!["user_id".to_owned()])
        );
    }
    let added = client.post(&path, &json!({ "user_id": alan.id })).await.expect(200);
    assert_eq!((added.text("/role"), added.text("/username")), ("member".to_owned(), alan.username.clone()));
    client.post(&path, &json!({ "user_id": alan.id, "role": "owner" })).await.expect(200);
    let listed = world.client(&alan).get(&path).await.expect(200);
    assert_eq!(texts(&listed, "/role"), ["owner", "member"]);
    assert_eq!(
        texts(&client.get(&format!("{path}?q=alan")).await.expect(200), "/user_id"),
        [alan.id.to_string()]
    );
    let cases: &[(&str, &str, &[&str])] = &[
        ("{}", "VALIDATION_ERROR", &["user_id"]),
        (r#"{"user_id":"x","role":"king"}"#, "VALIDATION_ERROR", &["user_id", "role"]),
        (r#"{"user_ids":[]}"#, "INVALID_REQUEST", &["user_ids"]),
    ];
    refuses(&client, "POST", &path, cases).await;
    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (event, _) = probe
        .await_event::<ChannelMemberAdded>(|event| {
            event.0.user_id == alan.id && event.0.channel_id.to_string() == secret
        })
        .await;
    assert_eq!((event.0.role, event.0.by), (ChannelRole::Member, Some(ada.id)));
}

/// C-2: owners give roles; moderators bring in and remove, but no owner; members do neither.
#[tokio::test]
async fn roles_in_a_channel() {
    let world = World::start().await;
    let boss = world.user("boss");
    let workspace = world.workspace(&boss).await;
    let ada = world.member(&boss, &workspace, "ada", "member").await;
    let alan = world.member(&boss, &workspace, "alan", "member").await;
    let bob = world.member(&boss, &workspace, "bob", "member").await;
    let secret = world.channel(&ada, &workspace, "secret", "private").await;
    let members = format!("/channels/{secret}/members");
    let of = |user: &colink_test::TestUser| format!("{members}/{}", user.id);
    let (owner, moderator, member) = (world.client(&ada), world.client(&alan), world.client(&bob));
    owner.post(&members, &json!({ "user_id": alan.id, "role": "moderator" })).await.expect(200);
    moderator.post(&members, &json!({ "user_id": bob.id, "role": "moderator" })).await.expect(403);
    moderator.post(&members, &json!({ "user_id": bob.id })).await.expect(200);
    member.post(&members, &json!({ "user_id": boss.id })).await.expect(403);
    member.delete(&of(&alan)).await.expect(403);
    moderator.put(&of(&bob), &json!({ "role": "owner" })).await.expect(403);
    moderator.delete(&of(&ada)).await.expect(403);
    moderator.delete(&of(&boss)).await.expect(404);
    moderator.delete(&of(&bob)).await.expect(204);
    member.get(&members).await.expect(403);
    owner.put(&of(&alan), &json!({ "role": "owner" })).await.expect(200);
    owner.put(&of(&bob), &json!({ "role": "member" })).await.expect(404);
    owner.delete(&of(&ada)).await.expect(204);
    world.client(&boss).delete(&of(&alan)).await.expect(204);

    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (event, _) = probe.await_event::<ChannelMemberRoleChanged>(|event| event.0.user_id == alan.id).await;
    assert_eq!((event.0.role, event.0.version, event.0.by), (ChannelRole::Owner, 2, Some(ada.id)));
    let (event, _) = probe.await_event::<ChannelMemberRemoved>(|event| event.0.user_id == bob.id).await;
    assert_eq!((event.0.version, event.0.by), (2, Some(alan.id)));
}

/// C-2: a user who is removed from the workspace while he joins a channel is in neither, or the join came first and was
/// ended with it.
#[tokio::test]
async fn joining_and_being_removed_at_once_leaves_nobody_behind() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let open = world.channel(&ada, &workspace, "engines", "public").await;
    for round in 0..5 {
        let user = world.member(&ada, &workspace, &format!("u{round}"), "member").await;
        let (owner, client) = (world.client(&ada), world.client(&user));
        let (join, remove) =
            (format!("/channels/{open}/join"), format!("/workspaces/{workspace}/members/{}", user.id));
        let body = json!({});
        let (joined, removed) = tokio::join!(client.post(&join, &body), owner.delete(&remove));
        removed.expect(204);
        assert!([200, 403, 404].contains(&joined.status.as_u16()), "{joined}");
    }
    let left = world.count("select count(*) from channel_members where active").await;
    assert_eq!(left, 2, "only the owner, in two channels");
}

/// C-2: a member who leaves the workspace while he is given another role is no member. The test holds his row, as leaving
/// does, until the request waits for it.
#[tokio::test]
async fn a_role_is_not_given_to_whoever_leaves_meanwhile() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let alan = world.member(&ada, &workspace, "alan", "member").await;
    let general = world.general(&ada, &workspace).await;
    let mut leaving = world.service.database().begin().await.expect("a transaction");
    sqlx::query("update channel_members set active = false, version = version + 1 where user_id = $1")
        .bind(alan.id.as_uuid())
        .execute(&mut *leaving)
        .await
        .expect("an update");
    let rest = async {
        let waiting = "select count(*) from pg_stat_activity
                        where datname = current_database() and wait_event_type = 'Lock'";
        eventually("the request waits for the row", SOON, async || {
            (world.count(waiting).await == 1).then_some(())
        })
        .await;
        leaving.commit().await.expect("a commit");
    };
    let (client, body) = (world.client(&ada), json!({ "role": "moderator" }));
    let path = format!("/channels/{general}/members/{}", alan.id);
    let (answer, ()) = join(client.put(&path, &body), rest).await;
    assert_eq!(answer.expect(404).error_code(), "NOT_FOUND");
}
