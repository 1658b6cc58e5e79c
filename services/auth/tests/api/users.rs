//! `/users/{id}` and `/users/me`.

use colink_core::clock::SystemClock;
use colink_core::id::UserId;
use colink_events::Topic;
use colink_events::users::UserUpdated;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{World, refuses_bad_tokens, refuses_malformed};

/// others see the public part, and only of verified users.
#[tokio::test]
async fn others_see_the_public_part() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    world.peers.bring_together(&bob.user_id, &session.user_id);
    let seen = bob.client.get(&format!("/users/{}", session.user_id)).await.expect(200);
    let expected = json!({
        "id": session.user_id, "username": ada.username, "display_name": "Ada Lovelace", "avatar_url": null, "bio": null,
        "title": null, "pronouns": null, "time_zone": null, "status": null, "bot": false, "deactivated": false
    });
    assert_eq!(seen.data::<Value>(), expected);

    let eve = world.stranger("eve");
    world.register(&eve).await.expect(201);
    let unverified: uuid::Uuid = sqlx::query_scalar("select id from users where username = $1")
        .bind(&eve.username)
        .fetch_one(world.database())
        .await
        .unwrap();
    bob.client.get(&format!("/users/{unverified}")).await.expect(404);
    bob.client.get(&format!("/users/{}", UserId::generate(&SystemClock))).await.expect(404);
    assert_eq!(bob.client.get("/users/nonsense").await.expect(400).error_fields(), ["user_id"]);
    refuses_bad_tokens(&world, Method::GET, &format!("/users/{}", session.user_id)).await;
}

/// whom one meets only where a second factor is asked for is seen by sessions that were proven by one.
#[tokio::test]
async fn members_of_a_closed_workspace_are_seen_with_a_second_factor() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    let (_, eve) = world.signed_in("eve").await;
    world.peers.bring_together(&bob.user_id, &ada.user_id);
    world.peers.require_mfa();
    let path = format!("/users/{}", ada.user_id);
    assert_eq!(bob.client.get(&path).await.expect(401).error_code(), "MFA_REQUIRED");
    bob.client.get(&format!("/users/{}", bob.user_id)).await.expect(200);
    eve.client.get(&path).await.expect(404);

    sqlx::query("update sessions set amr = '{pwd,otp,mfa}'").execute(world.database()).await.unwrap();
    let proven = world.session(&world.refresh(&bob.refresh).await.expect(200));
    proven.client.get(&path).await.expect(200);
}

/// PUT and PATCH change what is given, with an event; a change of nothing is none.
#[tokio::test]
async fn a_profile_is_changed_by_its_owner() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let mut users = world.stage.probe(Topic::Users).await;
    let before = session.client.get("/users/me").await.expect(200);
    assert_eq!((before.text("/email"), before.text("/display_name")), (ada.email, "Ada Lovelace".to_owned()));

    let put = session.client.put("/users/me", &json!({"display_name": "  Ada King "})).await.expect(200);
    assert_eq!(put.text("/display_name"), "Ada King");
    let event = users.await_event::<UserUpdated>(|event| event.0.display_name == "Ada King").await.0;
    assert_eq!((event.0.user_id.to_string(), event.0.version), (session.user_id.clone(), 3));
    let patch = session.client.patch("/users/me", &json!({"display_name": "Countess Ada"})).await.expect(200);
    assert_ne!(put.header("etag"), patch.header("etag"));
    for same in [json!({}), json!({"display_name": "Countess Ada"})] {
        let answer = session.client.patch("/users/me", &same).await.expect(200);
        assert_eq!(answer.header("etag"), patch.header("etag"));
    }
    assert_eq!(session.client.get("/auth/me").await.text("/display_name"), "Countess Ada");
}

/// one writer does not overwrite another; an unchanged profile costs no body.
#[tokio::test]
async fn versions_are_compared() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let read = session.client.get("/users/me").await.expect(200);
    let tag = read.header("etag").unwrap();
    let known = session.client.request(Method::GET, "/users/me").header("if-none-match", tag);
    known.send().await.expect(304);
    let change = |name: &str| {
        let request = session.client.request(Method::PUT, "/users/me").header("if-match", tag);
        request.json(&json!({ "display_name": name })).send()
    };
    change("First").await.expect(200);
    assert_eq!(change("Second").await.expect(412).error_code(), "PRECONDITION_FAILED");
    assert_eq!(session.client.get("/users/me").await.text("/display_name"), "First");
}

///
#[tokio::test]
async fn bad_values_are_refused() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    for method in [Method::PUT, Method::PATCH] {
        refuses_malformed(&session.client, method.clone(), "/users/me", "display_name").await;
        for name in [String::new(), " ".to_owned(), "x".repeat(81), "a\u{202e}b".to_owned()] {
            let request =
                session.client.request(method.clone(), "/users/me").json(&json!({ "display_name": name }));
            let answer = request.send().await.expect(400);
            assert_eq!(answer.error_fields(), ["display_name"], "{name:?}");
        }
        refuses_bad_tokens(&world, method, "/users/me").await;
    }
    session.client.put("/users/me", &json!({"display_name": "x".repeat(80)})).await.expect(200);
    refuses_bad_tokens(&world, Method::GET, "/users/me").await;
}
