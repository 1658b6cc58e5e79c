//! Direct conversations.

use colink_events::Topic;
use colink_events::channels::{ChannelMemberAdded, DmCreated};
use serde_json::json;

use crate::harness::{World, refuses, texts};

/// C-4: the same set is the same conversation, whoever asks in whatever order; its id is a channel's.
#[tokio::test]
async fn the_same_people_have_one_conversation() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let alan = world.member(&ada, &workspace, "alan", "member").await;
    let grace = world.member(&ada, &workspace, "grace", "admin").await;
    let begin = async |user: &colink_test::TestUser, ids: serde_json::Value| {
        let client = world.client(user).with_header("x-workspace-id", &workspace);
        client.post("/dms", &json!({ "participant_ids": ids })).await
    };
    let made = begin(&ada, json!([alan.id])).await.expect(201);
    let id = made.text("/id");
    let mut people = [ada.id, alan.id].map(|id| id.to_string());
    people.sort();
    assert_eq!([made.text("/participants/0/id"), made.text("/participants/1/id")], people);
    assert_eq!(begin(&alan, json!([alan.id, ada.id, ada.id])).await.expect(200).text("/id"), id);
    assert_ne!(begin(&ada, json!([alan.id, grace.id])).await.expect(201).text("/id"), id);
    let listed = world.client(&alan).get(&format!("/dms?workspace_id={workspace}")).await.expect(200);
    assert_eq!((listed.value("/total"), texts(&listed, "/id")[1].clone()), (json!(2), id.clone()));

    let path = format!("/channels/{id}");
    assert_eq!(world.client(&alan).get(&path).await.expect(200).text("/kind"), "dm");
    world.client(&grace).get(&path).await.expect(403);
    world.client(&world.user("eve")).get(&path).await.expect(404);
    world.client(&grace).post(&format!("{path}/join"), &json!({})).await.expect(403);
    world.client(&alan).post(&format!("{path}/leave"), &json!({})).await.expect(403);
    world.client(&ada).post(&format!("{path}/members"), &json!({ "user_id": grace.id })).await.expect(403);
    world.client(&ada).put(&path, &json!({ "name": "ours" })).await.expect(403);
    world.client(&ada).delete(&path).await.expect(403);

    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (event, _) = probe.await_event::<DmCreated>(|event| event.channel_id.to_string() == id).await;
    assert_eq!((event.participant_ids.len(), event.created_by), (2, ada.id));
    for user in [ada.id, alan.id] {
        probe
            .await_event::<ChannelMemberAdded>(|event| {
                event.0.channel_id.to_string() == id && event.0.user_id == user
            })
            .await;
    }
}

/// C-4: begun ten times at once it is begun once.
#[tokio::test]
async fn a_race_begins_one_conversation() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let alan = world.member(&ada, &workspace, "alan", "member").await;
    let clients = [world.client(&ada), world.client(&alan)];
    let body = json!({ "workspace_id": workspace, "participant_ids": [ada.id, alan.id] });
    let attempts = (0..10).map(|n: usize| clients[n % 2].post("/dms", &body));
    let answers = futures_util::future::join_all(attempts).await;
    let begun = answers.iter().filter(|answer| answer.status.as_u16() == 201).count();
    assert_eq!(begun, 1);
    let first = answers[0].text("/id");
    assert!(answers.iter().all(|answer| answer.status.is_success() && answer.text("/id") == first));
    assert_eq!(world.count("select count(*) from channels where kind = 'dm'").await, 1);
    assert_eq!(world.count("select max(version) from channel_members").await, 1);
}

/// C-4: 2 to 9 people of one workspace.
#[tokio::test]
async fn only_members_and_not_too_many() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let alan = world.member(&ada, &workspace, "alan", "member").await;
    let gus = world.member(&ada, &workspace, "gus", "guest").await;
    let client = world.client(&ada).with_header("x-workspace-id", &workspace);
    let stranger = json!({ "participant_ids": [alan.id, world.user("eve").id] });
    let refused = client.post("/dms", &stranger).await.expect(400);
    assert_eq!(refused.error_fields(), ["participant_ids[1]"]);
    let ten: Vec<_> = (0..9).map(|_| world.user("u").id).collect();
    let too_many = json!({ "participant_ids": ten }).to_string();
    let alone = json!({ "participant_ids": [ada.id] }).to_string();
    let cases: &[(&str, &str, &[&str])] = &[
        ("{}", "VALIDATION_ERROR", &["participant_ids"]),
        (&alone, "VALIDATION_ERROR", &["participant_ids"]),
        (&too_many, "VALIDATION_ERROR", &["participant_ids"]),
        (r#"{"participant_ids":["x"]}"#, "VALIDATION_ERROR", &["participant_ids[0]"]),
        (r#"{"participant_ids":"x"}"#, "INVALID_REQUEST", &["participant_ids"]),
    ];
    refuses(&client, "POST", "/dms", cases).await;
    let body = json!({ "workspace_id": workspace, "participant_ids": [ada.id] });
    world.client(&gus).post("/dms", &body).await.expect(403);
    client.post("/dms", &json!({ "participant_ids": [gus.id] })).await.expect(201);
    world.client(&world.user("eve")).get(&format!("/dms?workspace_id={workspace}")).await.expect(404);
    assert_eq!(world.client(&ada).get("/dms").await.expect(400).error_code(), "WORKSPACE_REQUIRED");
}
