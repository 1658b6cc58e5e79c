//! Closing an account for a while, and for good.

use std::time::Duration;

use colink_events::Topic;
use colink_events::users::{SessionRevoked, UserDeactivated, UserErased, UserReactivated};
use colink_test::{SOON, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::{
    PASSWORD, Person, Session, World, clock, refuses_bad_tokens, refuses_malformed, refuses_values, settings,
};

pub(crate) async fn deactivate(session: &Session) -> colink_test::Answer {
    session.client.post("/users/me/deactivate", &json!({})).await
}

pub(crate) async fn erase(session: &Session, username: &str) -> colink_test::Answer {
    session.client.post("/users/me/erase", &json!({ "username": username })).await
}

/// A world with a realm admin, signed in.
pub(crate) async fn with_admin() -> (World, Session) {
    let email = format!("root.{}@example.test", colink_test::unique());
    let world = World::with(settings().set("bootstrap.admin_email", email.as_str())).await;
    let mut root = world.stranger("root");
    root.email = email;
    world.register(&root).await.expect(201);
    let token = world.verification_mail(&root).await.token();
    world.verify(&token).await.expect(200);
    let root = world.login(&root).await;
    (world, root)
}

/// a closed account ends everywhere at once, says so only to who knows the password, keeps its name, and can be
/// opened by a realm admin alone.
#[tokio::test]
async fn a_closed_account_can_be_opened_again() {
    let (world, root) = with_admin().await;
    let (ada, session) = world.signed_in("ada").await;
    let other = world.login(&ada).await;
    let (_, bob) = world.signed_in("bob").await;
    world.peers.bring_together(&bob.user_id, &session.user_id);
    let mut users = world.stage.probe(Topic::Users).await;
    deactivate(&session).await.expect(204);
    let mine = |id: &colink_core::id::UserId| id.to_string() == session.user_id;
    users.await_event::<UserDeactivated>(|event| mine(&event.user_id)).await;
    for one in [&session, &other] {
        one.client.get("/users/me").await.expect(401);
        world.refresh(&one.refresh).await.expect(401);
        deactivate(one).await.expect(401);
    }
    let open = "select count(*) from sessions where user_id = $1::uuid and revoked_at is null";
    assert_eq!(world.count(open, &session.user_id).await, 0);

    let refused = world.try_login(&ada.email, &ada.password).await.expect(403);
    assert!(refused.error_message().contains("deactivated"), "{refused}");
    let guess = world.try_login(&ada.email, "Wrong-0ne!x").await.expect(401);
    let unknown = world.try_login("nobody@example.test", "Wrong-0ne!x").await.expect(401);
    assert_eq!(guess.error_message(), unknown.error_message());
    let seen = bob.client.get(&format!("/users/{}", session.user_id)).await.expect(200);
    assert_eq!((seen.value("/deactivated"), seen.text("/username")), (json!(true), ada.username.clone()));
    let taken = Person { email: format!("x{}", ada.email), ..ada.clone() };
    assert_eq!(world.register(&taken).await.expect(409).error_fields(), ["username"]);

    let path = format!("/auth/users/{}/reactivate", session.user_id);
    bob.client.post(&path, &json!({})).await.expect(403);
    refuses_bad_tokens(&world, Method::POST, &path).await;
    root.client
        .post("/auth/users/018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a/reactivate", &json!({}))
        .await
        .expect(404);
    root.client.post(&path, &json!({})).await.expect(204);
    root.client.post(&path, &json!({})).await.expect(204);
    let (_, told) = users.await_event::<UserReactivated>(|event| mine(&event.user_id)).await;
    assert_eq!(
        told.actor.and_then(|actor| actor.user_id).map(|id| id.to_string()),
        Some(root.user_id.clone())
    );
    session.client.get("/users/me").await.expect(401);
    world.login(&ada).await.client.get("/users/me").await.expect(200);
}

/// opening an account asks for a fresh proof, and its owner is told.
#[tokio::test]
async fn an_account_is_opened_on_purpose() {
    let (world, root) = with_admin().await;
    let (ada, session) = world.signed_in("ada").await;
    deactivate(&session).await.expect(204);
    sqlx::query("update sessions set authenticated_at = authenticated_at - interval '11 minutes'")
        .execute(world.database())
        .await
        .unwrap();
    let path = format!("/auth/users/{}/reactivate", session.user_id);
    let stale = root.client.post(&path, &json!({})).await.expect(403);
    assert_eq!(stale.error_code(), "REAUTHENTICATION_REQUIRED");
    world.try_login(&ada.email, &ada.password).await.expect(403);
    root.client.post("/auth/reauthenticate", &json!({ "password": PASSWORD })).await.expect(200);
    root.client.post(&path, &json!({})).await.expect(204);
    world.mailbox.await_mail(&ada.email, "Your account is open again").await;
    world.login(&ada).await;
}

/// both ask for a fresh proof and for somebody else to own what he owns; nothing happens before.
#[tokio::test]
async fn an_account_ends_only_on_purpose() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (ada, session) = world.signed_in("ada").await;
    world.peers.own(&session.user_id, "Works");
    world.peers.own(&session.user_id, "Lab");
    for answer in [deactivate(&session).await, erase(&session, &ada.username).await] {
        let answer = answer.expect(409);
        assert!(answer.error_message().contains("Works, Lab"), "{answer}");
        assert_eq!(answer.error_fields().len(), 2);
    }
    world.peers.hand_over(&session.user_id);
    for wrong in ["", "Ada Lovelace", &ada.username.to_uppercase(), &format!("{} ", ada.username)] {
        refuses_values(&session.client, "/users/me/erase", json!({ "username": wrong }), &["username"]).await;
    }
    refuses_malformed(&session.client, Method::POST, "/users/me/erase", "username").await;
    clock.advance(Duration::from_secs(11 * 60));
    for answer in [deactivate(&session).await, erase(&session, &ada.username).await] {
        assert_eq!(answer.expect(403).error_code(), "REAUTHENTICATION_REQUIRED");
    }
    session.client.get("/users/me").await.expect(200);
    for path in ["/users/me/deactivate", "/users/me/erase"] {
        refuses_bad_tokens(&world, Method::POST, path).await;
    }
}

/// nothing of an erased user is in any table, whatever refers to him; his name and address are free.
#[tokio::test]
async fn nothing_is_left_of_an_erased_user() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let other = world.login(&ada).await;
    let file = world.peers.picture(&session.user_id);
    let profile =
        json!({ "display_name": "Ada Unmistakable", "bio": "Unmistakable too", "avatar_file_id": file });
    let put = session.client.request(Method::PUT, "/users/me").idempotency_key("k1").json(&profile);
    put.send().await.expect(200);
    let again = Person { username: format!("other.{}", colink_test::unique()), ..ada.clone() };
    world.register(&again).await.expect(201);
    let mut users = world.stage.probe(Topic::Users).await;

    erase(&session, &ada.username).await.expect(204);
    let mine = |id: &colink_core::id::UserId| id.to_string() == session.user_id;
    let (event, envelope) = users.await_event::<UserErased>(|event| mine(&event.user_id)).await;
    assert_eq!(event.email_hash, Some(hex::encode(Sha256::digest(&ada.email))));
    let text = String::from_utf8(envelope.to_bytes().unwrap()).unwrap();
    assert!(!text.contains(&ada.email) && !text.contains(&ada.username), "{text}");
    users.await_event::<SessionRevoked>(|event| mine(&event.user_id) && event.session_id.is_none()).await;
    for one in [&session, &other] {
        one.client.get("/users/me").await.expect(401);
        world.refresh(&one.refresh).await.expect(401);
    }
    world.try_login(&ada.email, &ada.password).await.expect(401);
    eventually("the last event is published", SOON, async || {
        let waiting: i64 =
            sqlx::query_scalar("select count(*) from outbox").fetch_one(world.database()).await.unwrap();
        (waiting == 0).then_some(())
    })
    .await;
    for words in [&ada.email, &ada.username, "Unmistakable"] {
        assert_eq!(found(&world, words).await, Vec::<String>::new(), "{words}");
    }
    let rows: Vec<(String, String, Option<String>, bool)> = sqlx::query_as(
        "select username, display_name, avatar_url, erased_at is not null from users where id = $1::uuid",
    )
    .bind(&session.user_id)
    .fetch_all(world.database())
    .await
    .unwrap();
    let alias = UserErased::username(session.user_id.parse().unwrap());
    assert_eq!(rows, [(alias, "Deleted user".to_owned(), None, true)]);

    world.register(&ada).await.expect(201);
    let anew = "select count(*) from users where username = $1 and email_normalised is not null";
    assert_eq!(world.count(anew, &ada.username).await, 1, "name and address are free");
}

/// Where `words` stand in the database, whatever their capitals.
async fn found(world: &World, words: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables
          where table_schema = 'public' and table_type = 'BASE TABLE'",
    )
    .fetch_all(world.database())
    .await
    .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let query =
            format!("select t::text from \"{table}\" t where position(lower($1) in lower(t::text)) > 0");
        let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .bind(words)
            .fetch_all(world.database())
            .await
            .unwrap();
        found.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
    }
    found
}

/// of two that erase at the same moment one does; afterwards nothing can be changed or opened again.
#[tokio::test]
async fn an_account_is_erased_once() {
    let (world, root) = with_admin().await;
    let (ada, session) = world.signed_in("ada").await;
    let other = world.login(&ada).await;
    let (one, two) = tokio::join!(erase(&session, &ada.username), erase(&other, &ada.username));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 401], "{one} {two}");
    root.client.post(&format!("/auth/users/{}/reactivate", session.user_id), &json!({})).await.expect(404);
    let seen: Value = root.client.get(&format!("/users/{}", session.user_id)).await.expect(200).data();
    assert_eq!((&seen["display_name"], &seen["bio"]), (&json!("Deleted user"), &json!(null)));
}
