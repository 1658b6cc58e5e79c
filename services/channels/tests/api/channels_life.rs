//! `GET/PUT/DELETE /channels/{id}`, `join`, `leave`, `unarchive`.

use colink_events::Topic;
use colink_events::channels::{
    ChannelArchived, ChannelMemberAdded, ChannelMemberRemoved, ChannelUnarchived, ChannelUpdated,
};
use reqwest::Method;
use serde_json::json;

use crate::harness::{World, refuses};

/// C-2: inside the workspace a private channel is 403, outside it is the 404 of an id that does not exist.
#[tokio::test]
async fn a_private_channel_is_403_inside_and_404_outside() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let alan = world.member(&ada, &workspace, "alan", "member").await;
    let grace = world.member(&ada, &workspace, "grace", "admin").await;
    let eve = world.user("eve");
    let secret = world.channel(&alan, &workspace, "secret", "private").await;
    let member = world.member(&ada, &workspace, "bob", "member").await;
    for path in [format!("/channels/{secret}"), format!("/channels/{secret}/members")] {
        world.client(&alan).get(&path).await.expect(200);
        world.client(&grace).get(&path).await.expect(200);
        assert_eq!(world.client(&member).get(&path).await.expect(403).error_code(), "FORBIDDEN");
        assert_eq!(world.client(&eve).get(&path).await.expect(404).error_code(), "NOT_FOUND");
    }
    let missing = world.client(&eve).get("/channels/018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a").await.expect(404);
    let foreign = world.client(&eve).get(&format!("/channels/{secret}")).await.expect(404);
    assert_eq!(foreign.error_message(), missing.error_message());
    assert_eq!(world.client(&eve).get("/channels/x").await.expect(400).error_fields(), ["channel_id"]);
}

/// C-2, C-3: anyone of the workspace joins a public channel, admins any; doing it again changes nothing.
#[tokio::test]
async fn joining_and_leaving() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let alan = world.member(&ada, &workspace, "alan", "member").await;
    let grace = world.member(&ada, &workspace, "grace", "admin").await;
    let gus = world.member(&ada, &workspace, "gus", "guest").await;
    let open = world.channel(&ada, &workspace, "engines", "public").await;
    let secret = world.channel(&ada, &workspace, "secret", "private").await;
    let act = async |user: &colink_test::TestUser, channel: &str, verb: &str| {
        world.client(user).post(&format!("/channels/{channel}/{verb}"), &json!({})).await
    };
    assert_eq!(act(&alan, &open, "join").await.expect(200).text("/role"), "member");
    act(&alan, &open, "join").await.expect(200);
    act(&alan, &secret, "join").await.expect(403);
    act(&gus, &open, "join").await.expect(403);
    act(&world.user("eve"), &open, "join").await.expect(404);
    act(&grace, &secret, "join").await.expect(200);
    act(&alan, &open, "leave").await.expect(204);
    act(&alan, &open, "leave").await.expect(403);
    act(&alan, &open, "join").await.expect(200);

    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let of_alan = |user, channel: String| user == alan.id && channel == open;
    let (left, _) = probe
        .await_event::<ChannelMemberRemoved>(|event| of_alan(event.0.user_id, event.0.channel_id.to_string()))
        .await;
    assert_eq!((left.0.version, left.0.by), (2, None));
    probe
        .await_event::<ChannelMemberAdded>(|event| {
            of_alan(event.0.user_id, event.0.channel_id.to_string()) && event.0.version == 3
        })
        .await;
}

/// C-1: moderators change what a channel says of itself, members do not; a stale tag is refused.
#[tokio::test]
async fn updating_a_channel() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let alan = world.member(&ada, &workspace, "alan", "member").await;
    let open = world.channel(&ada, &workspace, "engines", "public").await;
    world.channel(&ada, &workspace, "steam", "public").await;
    let path = format!("/channels/{open}");
    let members = format!("{path}/members");
    let (owner, member) = (world.client(&ada), world.client(&alan));
    owner.post(&members, &json!({ "user_id": alan.id })).await.expect(200);
    member.put(&path, &json!({ "topic": "Mine" })).await.expect(403);
    owner.put(&format!("{members}/{}", alan.id), &json!({ "role": "moderator" })).await.expect(200);
    let tag = member.get(&path).await.expect(200).header("etag").expect("a tag").to_owned();
    let body = json!({ "name": "Big Engines", "topic": "T", "description": "D" });
    let update = || member.request(Method::PUT, &path).header("if-match", &tag).json(&body).send();
    let updated = update().await.expect(200);
    assert_eq!((updated.text("/slug"), updated.text("/topic")), ("big-engines".to_owned(), "T".to_owned()));
    update().await.expect(412);
    let cleared = member.patch(&path, &json!({ "topic": "" })).await.expect(200);
    assert!(cleared.value("/topic").is_null());
    assert_eq!(cleared.text("/description"), "D");
    let clash = member.put(&path, &json!({ "name": "STEAM" })).await.expect(409);
    assert_eq!(clash.error_fields(), ["name"]);
    let cases: &[(&str, &str, &[&str])] = &[
        (r#"{"name":"a","topic":"a\nb"}"#, "VALIDATION_ERROR", &["name", "topic"]),
        (r#"{"kind":"private"}"#, "INVALID_REQUEST", &["kind"]),
    ];
    refuses(&member, "PUT", &path, cases).await;
    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (event, _) = probe.await_event::<ChannelUpdated>(|event| event.channel.id.to_string() == open).await;
    assert_eq!((event.channel.name.as_str(), event.channel.version), ("Big Engines", 2));
}

/// C-1: `DELETE` archives: everything stays and nothing changes until it is taken out again.
#[tokio::test]
async fn an_archived_channel_is_read_only() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let alan = world.member(&ada, &workspace, "alan", "member").await;
    let open = world.channel(&ada, &workspace, "engines", "public").await;
    let path = format!("/channels/{open}");
    let (owner, member) = (world.client(&ada), world.client(&alan));
    member.delete(&path).await.expect(403);
    owner.delete(&path).await.expect(204);
    owner.delete(&path).await.expect(204);
    assert_eq!(member.get(&path).await.expect(200).value("/archived"), true);
    owner.put(&path, &json!({ "topic": "Late" })).await.expect(403);
    member.post(&format!("{path}/join"), &json!({})).await.expect(403);
    owner.post(&format!("{path}/members"), &json!({ "user_id": alan.id })).await.expect(403);
    member.post(&format!("{path}/unarchive"), &json!({})).await.expect(403);
    let back = owner.post(&format!("{path}/unarchive"), &json!({})).await.expect(200);
    assert_eq!(back.value("/archived"), false);
    member.post(&format!("{path}/join"), &json!({})).await.expect(200);
    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (event, _) = probe.await_event::<ChannelArchived>(|event| event.channel.id.to_string() == open).await;
    assert!(event.channel.archived && event.channel.version == 2);
    let (event, _) =
        probe.await_event::<ChannelUnarchived>(|event| event.channel.id.to_string() == open).await;
    assert!(!event.channel.archived && event.channel.version == 3);
}
