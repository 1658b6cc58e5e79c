//! What is left of an erased user.

use colink_core::clock::{Clock, SystemClock};
use colink_core::id::UserId;
use colink_events::Topic;
use colink_events::channels::{MemberLeft, MemberRoleChanged, WorkspaceDeleted};
use colink_events::users::{UserErased, UserUpdated};
use colink_test::{SOON, TestUser, eventually};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::{World, texts};
use crate::profiles::{producer, profile, publish};

fn erased(user_id: UserId, email: Option<&str>) -> UserErased {
    let email_hash = email.map(|email| hex::encode(Sha256::digest(email)));
    UserErased { user_id, email_hash, at: SystemClock.timestamp() }
}

async fn await_gone(world: &World, user: &TestUser) {
    eventually("the memberships end", SOON, async || {
        let active: i64 = sqlx::query_scalar(
            "select count(*) from workspace_members m join workspaces w on w.id = m.workspace_id
              where m.user_id = $1 and m.status = 'active' and w.deleted_at is null",
        )
        .bind(user.id.as_uuid())
        .fetch_one(world.service.database())
        .await
        .expect("a number");
        (active == 0).then_some(())
    })
    .await;
}

/// Answers that were kept for the user himself and for an API key of his, with his name in them.
async fn keep_answers(world: &World, user: &TestUser) {
    sqlx::query(
        "insert into idempotency_keys (caller, key, fingerprint, claim, claimed_until, expires_at, status, body)
         select 'user:' || $1 || suffix, 'k', '', gen_random_uuid(), now(), now() + interval '1 hour', 200, 'Bob Byron'
           from unnest(array['', ' channels:write']) suffix",
    )
    .bind(user.id.to_string())
    .execute(world.service.database())
    .await
    .expect("kept answers");
}

/// memberships end with their events, invitations to the address go, no name is left, and neither a repeat nor a
/// straggler brings anything back.
#[tokio::test]
async fn nothing_is_left_of_an_erased_member() {
    let world = World::start().await;
    let (ada, bob) = (world.user("ada"), world.user("bob"));
    let workspace = world.workspace(&ada).await;
    world.join(&ada, &workspace, &bob, "member").await;
    let secret = world.channel(&ada, &workspace, "secret", "private").await;
    let members = format!("/channels/{secret}/members");
    world.client(&ada).post(&members, &json!({ "user_id": bob.id })).await.expect(200);
    let email = format!("{}@example.test", bob.username);
    let invites = format!("/workspaces/{workspace}/invites");
    let invite = json!({ "email": email, "role": "member" });
    world.client(&ada).post(&invites, &invite).await.expect(201);
    let producer = producer(&world);
    publish(&producer, &UserUpdated(profile(bob.id, "Bob Byron", 2))).await;
    keep_answers(&world, &bob).await;
    let mut events = world.service.stage().probe(Topic::Channels).await;

    let event = erased(bob.id, Some(&email));
    publish(&producer, &event).await;
    await_gone(&world, &bob).await;
    let left = events.await_event::<MemberLeft>(|event| event.0.user_id == bob.id).await.0;
    assert_eq!(left.0.workspace_id.to_string(), workspace);
    let listed = world.client(&ada).get(&members).await.expect(200);
    assert_eq!(texts(&listed, "/user_id"), [ada.id.to_string()]);
    world.client(&bob).get(&format!("/channels/{secret}")).await.expect(404);

    publish(&producer, &event).await;
    publish(&producer, &UserUpdated(profile(bob.id, "Bob again", 9))).await;
    let marker = world.user("marker").id;
    publish(&producer, &UserUpdated(profile(marker, "Marker", 1))).await;
    let row: (String, String, Option<String>) =
        eventually("the last event is handled and the row anonymous", SOON, async || {
            let seen: i64 = sqlx::query_scalar("select count(*) from users where id = $1")
                .bind(marker.as_uuid())
                .fetch_one(world.service.database())
                .await
                .expect("a number");
            if seen == 0 {
                return None;
            }
            sqlx::query_as("select username, display_name, avatar_url from users where id = $1")
                .bind(bob.id.as_uuid())
                .fetch_optional(world.service.database())
                .await
                .expect("a row")
        })
        .await;
    assert_eq!(row, (UserErased::username(bob.id), "Deleted user".to_owned(), None));
    assert_eq!(world.count("select count(*) from invites where email is not null").await, 0);
    let answers = "select count(*) from idempotency_keys where convert_from(body, 'UTF8') like '%Bob%'";
    assert_eq!(world.count(answers).await, 0);
}

/// A-12, W-3: a workspace keeps an owner, and one without anybody ends.
#[tokio::test]
async fn a_workspace_outlives_its_last_owner_while_somebody_is_there() {
    let world = World::start().await;
    let ada = world.user("ada");
    let (shared, alone) = (world.workspace(&ada).await, world.workspace(&ada).await);
    world.member(&ada, &shared, "old", "member").await;
    let admin = world.member(&ada, &shared, "admin", "admin").await;
    let mut events = world.service.stage().probe(Topic::Channels).await;
    publish(&producer(&world), &erased(ada.id, None)).await;
    await_gone(&world, &ada).await;
    let raised = events.await_event::<MemberRoleChanged>(|event| event.0.user_id == admin.id).await.0;
    assert_eq!(json!(raised.0.role), json!("owner"));
    let ended =
        events.await_event::<WorkspaceDeleted>(|event| event.workspace.id.to_string() == alone).await.0;
    assert!(ended.workspace.deleted_at.is_some());
    let seen = world.client(&admin).get(&format!("/workspaces/{shared}")).await.expect(200);
    assert_eq!(seen.value("/owner_id"), json!(admin.id));
}

/// who meets whom, who must hand over, and where somebody is and was; only services may ask.
#[tokio::test]
async fn services_ask_about_memberships() {
    let world = World::start().await;
    let ada = world.user("ada");
    let (works, own) = (world.workspace(&ada).await, world.workspace(&ada).await);
    let bob = world.member(&ada, &works, "bob", "member").await;
    let eve = world.user("eve");
    world.workspace(&eve).await;
    let peer = world.service.internal("auth");
    let shared = async |one: &TestUser, other: &TestUser| {
        let path = format!("/internal/users/{}/shared-with/{}", one.id, other.id);
        peer.get(&path).await.expect(200).value("/shared")
    };
    assert_eq!([shared(&ada, &bob).await, shared(&bob, &ada).await], [json!(true), json!(true)]);
    assert_eq!([shared(&ada, &eve).await, shared(&eve, &bob).await], [json!(false), json!(false)]);
    let owned = async |user: &TestUser| {
        let answer = peer.get(&format!("/internal/users/{}/sole-ownerships", user.id)).await.expect(200);
        let workspaces = answer.value("/workspaces");
        let ids = workspaces.as_array().into_iter().flatten().map(|one| one["workspace_id"].clone());
        ids.collect::<Vec<Value>>()
    };
    assert_eq!(owned(&ada).await, [json!(works)], "nobody else is in {own}");
    let path = format!("/workspaces/{works}/members/{}", bob.id);
    world.client(&ada).put(&path, &json!({ "role": "owner" })).await.expect(200);
    assert_eq!(owned(&ada).await, Vec::<Value>::new());

    world.client(&bob).post(&format!("/workspaces/{works}/leave"), &json!({})).await.expect(204);
    assert_eq!(shared(&ada, &bob).await, json!(false));
    let stays = peer.get(&format!("/internal/users/{}/memberships", bob.id)).await.expect(200);
    assert_eq!(
        (stays.text("/workspaces/0/workspace_id"), stays.text("/workspaces/0/status")),
        (works.clone(), "left".to_owned())
    );
    assert_eq!(stays.value("/channels/0/active"), json!(false));
    for path in ["shared-with/018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "sole-ownerships", "memberships"] {
        let path = format!("/internal/users/{}/{path}", ada.id);
        world.client(&ada).get(&path).await.expect(401);
        world.service.anonymous().get(&path).await.expect(401);
    }
}
