//! `/internal/users/...`.

use colink_core::clock::SystemClock;
use colink_core::id::UserId;
use serde_json::{Value, json};

use crate::harness::World;

/// services look users up by id; unknown ids are left out, no address is told.
#[tokio::test]
async fn users_are_looked_up_by_id() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let client = world.service.internal("messaging");
    let ids = json!({"ids": [session.user_id, UserId::generate(&SystemClock)]});
    let answer = client.post("/internal/users/lookup", &ids).await.expect(200);
    let expected = json!({"users": [{
        "id": session.user_id, "username": ada.username, "display_name": "Ada Lovelace", "avatar_url": null,
        "bot": false, "suspended": false, "email_verified": true
    }]});
    assert_eq!(answer.data::<Value>(), expected);

    let ids = |count: usize| json!({"ids": vec![session.user_id.clone(); count]});
    client.post("/internal/users/lookup", &ids(200)).await.expect(200);
    assert_eq!(client.post("/internal/users/lookup", &ids(201)).await.expect(400).error_fields(), ["ids"]);
    client.post("/internal/users/lookup", &json!({"ids": ["nonsense"]})).await.expect(400);
}

/// services find a user by his address, in any case of letters.
#[tokio::test]
async fn a_user_is_found_by_address() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let client = world.service.internal("channels");
    let found = client
        .post("/internal/users/by-email", &json!({"email": ada.email.to_uppercase()}))
        .await
        .expect(200);
    assert_eq!(found.text("/user/id"), session.user_id);
    let unknown =
        client.post("/internal/users/by-email", &json!({"email": "nobody@example.test"})).await.expect(200);
    assert_eq!(unknown.data::<Value>(), json!({"user": null}));
    assert_eq!(
        client.post("/internal/users/by-email", &json!({})).await.expect(400).error_fields(),
        ["email"]
    );
}

/// services learn whose bot a bot in use is; a person is none.
#[tokio::test]
async fn a_bot_is_looked_up_with_its_owner() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let client = world.service.internal("channels");
    let bot = crate::bots::make(&world, &session).await;
    let path = format!("/internal/bots/{bot}");
    let found = client.get(&path).await.expect(200);
    assert_eq!(
        (found.text("/owner_id"), found.text("/display_name")),
        (session.user_id.clone(), "Deploy bot".to_owned())
    );
    let looked_up = client.post("/internal/users/lookup", &json!({"ids": [bot]})).await.expect(200);
    assert_eq!(looked_up.value("/users/0/bot"), json!(true));
    client.get(&format!("/internal/bots/{}", session.user_id)).await.expect(404);
    session.client.delete(&format!("/auth/bots/{bot}")).await.expect(204);
    client.get(&path).await.expect(404);
    client.get("/internal/bots/nonsense").await.expect(400);
}

/// nobody but a service may ask, also not with a token for another service or of a user.
#[tokio::test]
async fn only_services_may_ask() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let elsewhere = colink_test::service_token("messaging", "channels");
    for client in [world.anonymous(), session.client.clone(), world.anonymous().bearer(&elsewhere)] {
        client.post("/internal/users/lookup", &json!({"ids": []})).await.expect(401);
        client.post("/internal/users/by-email", &json!({"email": "a@example.test"})).await.expect(401);
        client.get(&format!("/internal/bots/{}", session.user_id)).await.expect(401);
    }
}
