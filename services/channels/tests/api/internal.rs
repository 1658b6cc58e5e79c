//! What other services ask.

use serde_json::{Value, json};

use crate::harness::World;

/// C-5, C-6: the standing of a user is told as of now, with the versions of its rows.
#[tokio::test]
async fn a_standing_is_of_now() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let alan = world.member(&ada, &workspace, "alan", "member").await;
    let secret = world.channel(&ada, &workspace, "secret", "private").await;
    let peer = world.service.internal("messaging");
    let standing = async |user: String| {
        peer.get(&format!("/internal/channels/{secret}/standing/{user}")).await.expect(200).value("")
    };
    let of_owner = standing(ada.id.to_string()).await;
    assert_eq!(
        of_owner,
        json!({
            "channel_id": secret, "workspace_id": workspace, "kind": "private", "archived": false,
            "workspace_role": "owner", "channel_role": "owner",
            "channel_version": 1, "member_version": 1, "workspace_member_version": 1, "require_mfa": false,
        })
    );
    let outside = standing(alan.id.to_string()).await;
    assert_eq!((&outside["workspace_role"], &outside["channel_role"]), (&json!("member"), &Value::Null));
    assert_eq!(outside["member_version"], 0);
    let path = format!("/channels/{secret}/members");
    world.client(&ada).post(&path, &json!({ "user_id": alan.id })).await.expect(200);
    assert_eq!(standing(alan.id.to_string()).await["channel_role"], "member");
    world.client(&ada).delete(&format!("{path}/{}", alan.id)).await.expect(204);
    let gone = standing(alan.id.to_string()).await;
    assert_eq!((&gone["channel_role"], &gone["member_version"]), (&Value::Null, &json!(2)));
    let stranger = standing(world.user("eve").id.to_string()).await;
    assert_eq!(
        (&stranger["workspace_role"], &stranger["workspace_member_version"]),
        (&Value::Null, &json!(0))
    );
    let missing = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a";
    peer.get(&format!("/internal/channels/{missing}/standing/{}", ada.id)).await.expect(404);
}

/// C-5, S-3: the channels of a user are those he may read now.
#[tokio::test]
async fn the_channels_of_a_user_are_those_he_may_read() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let other = world.workspace(&ada).await;
    let alan = world.member(&ada, &workspace, "alan", "member").await;
    let gus = world.member(&ada, &workspace, "gus", "guest").await;
    let general = world.general(&ada, &workspace).await;
    let open = world.channel(&ada, &workspace, "engines", "public").await;
    world.channel(&ada, &workspace, "secret", "private").await;
    let peer = world.service.internal("search");
    let channels = async |user: &colink_test::TestUser, query: &str| {
        let answer = peer.get(&format!("/internal/users/{}/channels{query}", user.id)).await.expect(200);
        answer.value("/channels").as_array().cloned().unwrap_or_default()
    };
    assert_eq!(channels(&ada, "").await.len(), 4);
    assert_eq!(channels(&ada, &format!("?workspace_id={other}")).await.len(), 1);
    let of_alan = channels(&alan, "").await;
    let readable = of_alan.iter().find(|one| one["channel_id"] == open.as_str()).expect("the public one");
    assert_eq!((&readable["member"], &readable["workspace_role"]), (&json!(false), &json!("member")));
    assert_eq!(of_alan.len(), 2);
    let of_guest = channels(&gus, "").await;
    assert_eq!(of_guest.iter().map(|one| &one["channel_id"]).collect::<Vec<_>>(), [&json!(general)]);
    assert!(channels(&world.user("eve"), "").await.is_empty());
}

/// auth learns which workspaces there are, by id and by slug; a deleted one is none any more.
#[tokio::test]
async fn a_deleted_workspace_is_none() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let slug = world.client(&ada).get(&format!("/workspaces/{workspace}")).await.expect(200).text("/slug");
    let peer = world.service.internal("auth");
    let paths = [format!("/internal/workspaces/{workspace}"), format!("/internal/workspaces/by-slug/{slug}")];
    for path in &paths {
        assert_eq!(peer.get(path).await.expect(200).text("/workspace_id"), workspace, "{path}");
        world.client(&ada).get(path).await.expect(401);
    }
    peer.get("/internal/workspaces/018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a").await.expect(404);
    peer.get("/internal/workspaces/nonsense").await.expect(400);
    world.client(&ada).delete(&format!("/workspaces/{workspace}")).await.expect(204);
    for path in &paths {
        assert_eq!(peer.get(path).await.expect(404).error_code(), "NOT_FOUND", "{path}");
    }
}

/// C-5: members of workspaces and channels are told to services, and to nobody else.
#[tokio::test]
async fn members_are_told_to_services_alone() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let alan = world.member(&ada, &workspace, "alan", "member").await;
    let general = world.general(&ada, &workspace).await;
    let peer = world.service.internal("presence");
    let member = format!("/internal/workspaces/{workspace}/members/{}", alan.id);
    assert_eq!(peer.get(&member).await.expect(200).text("/role"), "member");
    let stranger = format!("/internal/workspaces/{workspace}/members/{}", world.user("eve").id);
    peer.get(&stranger).await.expect(404);
    let members = peer.get(&format!("/internal/channels/{general}/members")).await.expect(200);
    assert_eq!(members.value("/user_ids").as_array().map(Vec::len), Some(2));
    assert!(members.value("/next_cursor").is_null());
    let cursor = format!("/internal/channels/{general}/members?cursor=nonsense");
    assert_eq!(peer.get(&cursor).await.expect(400).error_fields(), ["cursor"]);
    world.client(&ada).get(&member).await.expect(401);
    world.service.anonymous().get(&member).await.expect(401);
}
