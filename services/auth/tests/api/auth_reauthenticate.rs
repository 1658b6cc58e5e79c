//! `POST /auth/reauthenticate`.

use reqwest::Method;
use serde_json::json;

use crate::harness::{World, refuses_bad_tokens, refuses_malformed, refuses_values};

const PATH: &str = "/auth/reauthenticate";

/// the right password opens sensitive changes for ten minutes; the row says when.
#[tokio::test]
async fn the_password_proves_the_session_anew() {
    let world = World::start().await;
    let (person, session) = world.signed_in("ada").await;
    let proven_at = "select authenticated_at from sessions where id = $1::uuid";
    let read = || async {
        sqlx::query_scalar::<_, chrono::DateTime<chrono::Utc>>(proven_at)
            .bind(&session.id)
            .fetch_one(world.database())
            .await
            .unwrap()
    };
    let before = read().await;
    let answer = session.client.post(PATH, &json!({"password": person.password})).await.expect(200);
    assert_eq!(answer.json()["data"]["expires_in"], 600);
    assert!(read().await > before);
}

/// guessing here is guessing at the door: it counts, and locks.
#[tokio::test]
async fn wrong_passwords_lock_as_they_do_at_login() {
    let world = World::start().await;
    let (person, session) = world.signed_in("ada").await;
    for _ in 0..5 {
        let refused = session.client.post(PATH, &json!({"password": "Wr0ng!pencil"})).await.expect(401);
        assert_eq!(refused.error_code(), "INVALID_CREDENTIALS");
    }
    let locked = session.client.post(PATH, &json!({"password": person.password})).await.expect(429);
    assert_eq!(locked.error_code(), "ACCOUNT_LOCKED");
    assert_eq!(world.try_login(&person.email, &person.password).await.status, 429);
}

/// strangers and broken bodies.
#[tokio::test]
async fn bad_input_is_refused() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    refuses_bad_tokens(&world, Method::POST, PATH).await;
    refuses_malformed(&session.client, Method::POST, PATH, "password").await;
    refuses_values(&session.client, PATH, json!({}), &["password"]).await;
    refuses_values(&session.client, PATH, json!({"password": "x".repeat(129)}), &["password"]).await;
}
