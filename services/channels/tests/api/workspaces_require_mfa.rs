//! Workspaces that ask for a second factor.

use colink_events::Topic;
use colink_events::channels::WorkspaceUpdated;
use colink_test::{Client, TestUser};
use serde_json::{Value, json};

use crate::harness::World;

/// The client of a session that was proven by two factors.
fn proven(world: &World, user: &TestUser) -> Client {
    let mint = world.service.stage().identity().mint(user).claim("amr", json!(["pwd", "otp", "mfa"]));
    world.service.anonymous().bearer(&mint.sign())
}

/// an admin whose session was proven by two factors closes a workspace to all others; whoever is outside learns
/// nothing, and leaving stays open.
#[tokio::test]
async fn a_workspace_is_closed_without_a_second_factor() {
    let world = World::start().await;
    let (ada, eve, root) = (world.user("ada"), world.user("eve"), world.admin("root"));
    let id = world.workspace(&ada).await;
    let alan = world.member(&ada, &id, "alan", "member").await;
    let general = world.general(&ada, &id).await;
    let path = format!("/workspaces/{id}");
    let ask = json!({ "require_mfa": true });
    assert_eq!(world.client(&ada).put(&path, &ask).await.expect(401).error_code(), "MFA_REQUIRED");
    proven(&world, &alan).put(&path, &ask).await.expect(403);
    let asked = proven(&world, &ada).put(&path, &ask).await.expect(200);
    assert_eq!(asked.value("/require_mfa"), json!(true));

    let paths = [
        path.clone(),
        format!("{path}/members"),
        format!("/channels?workspace_id={id}"),
        format!("/channels/{general}"),
        format!("/channels/{general}/members"),
        format!("/dms?workspace_id={id}"),
    ];
    for path in &paths {
        for user in [&ada, &alan, &root] {
            assert_eq!(world.client(user).get(path).await.expect(401).error_code(), "MFA_REQUIRED", "{path}");
        }
        proven(&world, &alan).get(path).await.expect(200);
        assert_eq!(world.client(&eve).get(path).await.expect(404).error_code(), "NOT_FOUND", "{path}");
    }
    let channel = json!({ "workspace_id": id, "name": "engines" });
    world.client(&alan).post("/channels", &channel).await.expect(401);
    // Joining tells a member what the channel is, wherever he is in it.
    let join = format!("/channels/{general}/join");
    let refused = world.client(&alan).post(&join, &json!({})).await.expect(401);
    assert_eq!(refused.error_code(), "MFA_REQUIRED");
    proven(&world, &alan).post(&join, &json!({})).await.expect(200);
    world.client(&ada).put(&path, &json!({ "require_mfa": false })).await.expect(401);
    world.client(&ada).delete(&path).await.expect(401);
    // The list of one's workspaces says why one of them is closed.
    let listed = world.client(&alan).get("/workspaces").await.expect(200);
    assert_eq!(listed.value("/items/0/require_mfa"), json!(true));
    world.client(&alan).post(&format!("{path}/leave"), &json!({})).await.expect(204);

    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let of_it = |event: &WorkspaceUpdated| event.workspace.id.to_string() == id;
    assert!(probe.await_event::<WorkspaceUpdated>(of_it).await.0.workspace.require_mfa);
    let opened = proven(&world, &ada).put(&path, &json!({ "require_mfa": false })).await.expect(200);
    assert_eq!(opened.value("/require_mfa"), json!(false));
    world.client(&ada).get(&path).await.expect(200);
    world.service.finish().await;
}

/// the services that ask about a user are told that his session must have been proven by two factors.
#[tokio::test]
async fn other_services_are_told() {
    let world = World::start().await;
    let ada = world.user("ada");
    let id = world.workspace(&ada).await;
    let alan = world.member(&ada, &id, "alan", "member").await;
    let general = world.general(&ada, &id).await;
    let peer = world.service.internal("files");
    let told = async || {
        let paths = [
            (format!("/internal/channels/{general}/standing/{}", ada.id), "/require_mfa"),
            (format!("/internal/users/{}/channels?workspace_id={id}", ada.id), "/channels/0/require_mfa"),
            (format!("/internal/workspaces/{id}/members/{}", ada.id), "/require_mfa"),
            (format!("/internal/users/{}/shared-with/{}", alan.id, ada.id), "/require_mfa"),
        ];
        let mut told: Vec<Value> = Vec::new();
        for (path, place) in paths {
            told.push(peer.get(&path).await.expect(200).value(place));
        }
        told
    };
    assert_eq!(told().await, [json!(false), json!(false), json!(false), json!(false)]);
    let path = format!("/workspaces/{id}");
    proven(&world, &ada).put(&path, &json!({ "require_mfa": true })).await.expect(200);
    assert_eq!(told().await, [json!(true), json!(true), json!(true), json!(true)]);
    // Who also meet in an open workspace are not kept apart by the closed one.
    let open = world.workspace(&alan).await;
    world.join(&alan, &open, &ada, "member").await;
    assert_eq!(told().await[3], json!(false));
    world.service.finish().await;
}
