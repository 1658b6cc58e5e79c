//! Invitations.

use colink_events::Topic;
use colink_events::channels::MemberInvited;
use colink_test::{Settings, Stage, TestUser};
use reqwest::Method;
use serde_json::json;

use crate::harness::{World, refuses, texts};

/// W-2: a link works as often as it says, and its token is nowhere in the database.
#[tokio::test]
async fn a_link_lets_its_number_of_users_in() {
    let world = World::start().await;
    let ada = world.user("ada");
    let id = world.workspace(&ada).await;
    let path = format!("/workspaces/{id}/invites");
    let body = json!({ "max_uses": 2, "role": "guest", "expires_in_hours": 1 });
    let client = world.client(&ada);
    let made = client.request(Method::POST, &path).idempotency_key("k").json(&body).send().await.expect(201);
    let token = made.text("/token");
    assert_eq!(made.text("/url"), format!("http://localhost:8000/invite#token={token}"));
    let kept: i64 = sqlx::query_scalar(
        "select (select count(*) from invites i where i::text like '%' || $1 || '%')
              + (select count(*) from idempotency_keys k where convert_from(k.body, 'utf8') like '%' || $1 || '%')
              + (select count(*) from outbox o where convert_from(o.payload, 'utf8') like '%' || $1 || '%')",
    )
    .bind(&token)
    .fetch_one(world.service.database())
    .await
    .unwrap();
    assert_eq!(kept, 0);

    let (grace, alan, eve) = (world.user("grace"), world.user("alan"), world.user("eve"));
    let joined = world.accept(&token, &grace).await.expect(200);
    assert_eq!(
        (joined.text("/workspace/id"), joined.text("/workspace/role")),
        (id.clone(), "guest".to_owned())
    );
    world.accept(&token, &grace).await.expect(200);
    world.accept(&token, &ada).await.expect(200);
    assert_eq!(texts(&client.get(&path).await.expect(200), "/id"), [made.text("/id")]);
    world.accept(&token, &alan).await.expect(200);
    assert_eq!(world.accept(&token, &eve).await.expect(409).error_code(), "CONFLICT");
    assert!(texts(&client.get(&path).await.expect(200), "/id").is_empty());
    assert_eq!(world.accept("no-such-token", &eve).await.expect(404).error_code(), "NOT_FOUND");
    world.service.anonymous().post(&format!("/invites/{token}/accept"), &json!({})).await.expect(401);

    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (event, _) = probe.await_event::<MemberInvited>(|event| event.workspace_id.to_string() == id).await;
    assert_eq!(event.email_hash, None);
}

/// W-2: ten users with a token for one: exactly one gets in.
#[tokio::test]
async fn a_race_for_the_last_use_has_one_winner() {
    let world = World::start().await;
    let ada = world.user("ada");
    let id = world.workspace(&ada).await;
    let path = format!("/workspaces/{id}/invites");
    let token = world.client(&ada).post(&path, &json!({})).await.expect(201).text("/token");
    let users: Vec<_> = (0..10).map(|n| world.user(&format!("u{n}"))).collect();
    let attempts = users.iter().map(|user| world.accept(&token, user));
    let answers = futures_util::future::join_all(attempts).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status.as_u16() == status).count();
    assert_eq!((count(200), count(409)), (1, 9));
    assert_eq!(world.count("select count(*) from workspace_members").await, 2);
    assert_eq!(world.count("select uses::bigint from invites").await, 1);
}

/// W-2: an invitation of an address is for whoever has it; the event tells a hash, never the address.
#[tokio::test]
async fn an_address_is_invited_alone() {
    let world = World::start().await;
    let ada = world.user("ada");
    let id = world.workspace(&ada).await;
    let (grace, eve) = (world.user("grace"), world.user("eve"));
    let body = json!({ "email": grace.email.to_uppercase() });
    let path = format!("/workspaces/{id}/invites");
    let made = world.client(&ada).post(&path, &body).await.expect(201);
    assert_eq!(made.text("/email"), grace.email);
    let token = made.text("/token");
    world.accept(&token, &eve).await.expect(403);
    world.accept(&token, &grace).await.expect(200);
    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (event, envelope) =
        probe.await_event::<MemberInvited>(|event| event.workspace_id.to_string() == id).await;
    assert_eq!(event.email_hash.map(|hash| hash.len()), Some(64));
    assert!(!envelope.data.get().contains('@'));
}

/// W-2: over is 409, withdrawn is 404.
#[tokio::test]
async fn expired_and_withdrawn_invitations_let_nobody_in() {
    let world = World::start().await;
    let ada = world.user("ada");
    let id = world.workspace(&ada).await;
    let (client, path) = (world.client(&ada), format!("/workspaces/{id}/invites"));
    let old = client.post(&path, &json!({})).await.expect(201);
    sqlx::query("update invites set expires_at = created_at")
        .execute(world.service.database())
        .await
        .unwrap();
    let eve = world.user("eve");
    let refused = world.accept(&old.text("/token"), &eve).await.expect(409);
    assert!(refused.error_message().contains("expired"), "{refused}");

    let withdrawn = client.post(&path, &json!({})).await.expect(201);
    let one = format!("{path}/{}", withdrawn.text("/id"));
    client.delete(&one).await.expect(204);
    client.delete(&one).await.expect(404);
    world.accept(&withdrawn.text("/token"), &eve).await.expect(404);
    assert_eq!(world.count("select count(*) from workspace_members").await, 1);
}

/// W-2: whoever is removed, leaves or is demoted does not come back by an invitation of his own; those of others hold.
#[tokio::test]
async fn invitations_end_with_the_rank_of_whoever_made_them() {
    let world = World::start().await;
    let ada = world.user("ada");
    let (id, other) = (world.workspace(&ada).await, world.workspace(&ada).await);
    let grace = world.member(&ada, &id, "grace", "admin").await;
    world.join(&ada, &other, &grace, "admin").await;
    let owner = world.client(&ada);
    let invite = async |user: &TestUser, workspace: &str| {
        let body = json!({ "role": "admin", "max_uses": 9 });
        let path = format!("/workspaces/{workspace}/invites");
        world.client(user).post(&path, &body).await.expect(201).text("/token")
    };
    let (kept, elsewhere) = (invite(&ada, &id).await, invite(&grace, &other).await);
    let seat = format!("/workspaces/{id}/members/{}", grace.id);
    let give = async |role: &str| owner.put(&seat, &json!({ "role": role })).await.expect(200);

    let demoted = invite(&grace, &id).await;
    give("moderator").await;
    world.accept(&demoted, &world.user("friend")).await.expect(404);
    give("admin").await;
    world.accept(&demoted, &world.user("friend")).await.expect(404);

    let promoted = invite(&grace, &id).await;
    give("owner").await;
    world.accept(&promoted, &world.user("friend")).await.expect(200);

    let removed = invite(&grace, &id).await;
    owner.delete(&seat).await.expect(204);
    world.accept(&removed, &grace).await.expect(404);

    world.accept(&kept, &grace).await.expect(200);
    let left = invite(&grace, &id).await;
    world.client(&grace).post(&format!("/workspaces/{id}/leave"), &json!({})).await.expect(204);
    world.accept(&left, &grace).await.expect(404);
    world.accept(&elsewhere, &world.user("friend")).await.expect(200);
}

/// W-2: admins invite, up to their own role.
#[tokio::test]
async fn inviting_is_for_admins_and_not_above_their_role() {
    let world = World::start().await;
    let ada = world.user("ada");
    let id = world.workspace(&ada).await;
    let grace = world.member(&ada, &id, "grace", "admin").await;
    let alan = world.member(&ada, &id, "alan", "member").await;
    let path = format!("/workspaces/{id}/invites");
    let (admin, member) = (world.client(&grace), world.client(&alan));
    admin.post(&path, &json!({ "role": "admin" })).await.expect(201);
    admin.post(&path, &json!({ "role": "owner" })).await.expect(403);
    member.post(&path, &json!({})).await.expect(403);
    member.get(&path).await.expect(403);
    admin.post(&format!("/workspaces/{id}/invite"), &json!({})).await.expect(201);
    let cases: &[(&str, &str, &[&str])] = &[
        (
            r#"{"email":"x","role":"king","max_uses":0,"expires_in_hours":0}"#,
            "VALIDATION_ERROR",
            &["email", "role", "max_uses", "expires_in_hours"],
        ),
        (
            r#"{"max_uses":10001,"expires_in_hours":2161}"#,
            "VALIDATION_ERROR",
            &["max_uses", "expires_in_hours"],
        ),
        (r#"{"email":"a@example.com","max_uses":2}"#, "VALIDATION_ERROR", &["max_uses"]),
        (r#"{"max_uses":"2"}"#, "INVALID_REQUEST", &["max_uses"]),
        (r#"{"token":"mine"}"#, "INVALID_REQUEST", &["token"]),
    ];
    refuses(&admin, "POST", &path, cases).await;
    admin.post(&path, &json!({ "max_uses": 10_000, "expires_in_hours": 2_160 })).await.expect(201);
}

/// W-1: a workspace takes as many members as its limit says.
#[tokio::test]
async fn a_full_workspace_takes_nobody() {
    let stage = Stage::new();
    let settings = Settings::new().set("workspaces.member_limit", 2);
    let world = World { service: stage.start::<channels::Channels>(settings).await };
    let ada = world.user("ada");
    let id = world.workspace(&ada).await;
    let path = format!("/workspaces/{id}/invites");
    let token = world.client(&ada).post(&path, &json!({ "max_uses": 5 })).await.expect(201).text("/token");
    world.accept(&token, &world.user("grace")).await.expect(200);
    let refused = world.accept(&token, &world.user("alan")).await.expect(429);
    assert_eq!(refused.error_code(), "QUOTA_EXCEEDED");
    assert_eq!(world.count("select uses::bigint from invites").await, 1, "a refused one takes no use");
}
