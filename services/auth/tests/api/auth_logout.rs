//! `POST /auth/logout` and `GET /auth/me`.

use std::time::Duration;

use colink_events::Topic;
use colink_events::users::SessionRevoked;
use reqwest::Method;
use serde_json::json;

use crate::harness::{World, clock, refuses_bad_tokens, settings};

/// the session ends everywhere: access token, refresh token, deny-list, event.
#[tokio::test]
async fn a_logout_ends_the_session() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let other = world.login(&ada).await;
    session.client.post("/auth/logout", &json!({})).await.expect(204);
    assert_eq!(session.client.get("/auth/me").await.expect(401).error_code(), "TOKEN_INVALID");
    assert_eq!(
        session.client.post("/auth/logout", &json!({})).await.expect(401).error_code(),
        "TOKEN_INVALID"
    );
    world.refresh(&session.refresh).await.expect(401);
    other.client.get("/auth/me").await.expect(200);

    let mut users = world.stage.probe(Topic::Users).await;
    let wanted = |event: &SessionRevoked| event.session_id.is_some_and(|id| id.to_string() == session.id);
    assert_eq!(users.await_event::<SessionRevoked>(wanted).await.0.reason, "logout");
}

/// an access token ends by its own time.
#[tokio::test]
async fn an_access_token_expires() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (_, session) = world.signed_in("ada").await;
    session.client.get("/auth/me").await.expect(200);
    clock.advance(Duration::from_secs(900 + 31));
    assert_eq!(session.client.get("/auth/me").await.expect(401).error_code(), "TOKEN_EXPIRED");
    let renewed = world.session(&world.refresh(&session.refresh).await.expect(200));
    renewed.client.get("/auth/me").await.expect(200);
}

/// who the caller is, for callers with a token of ours.
#[tokio::test]
async fn me_is_the_caller() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let me = session.client.get("/auth/me").await.expect(200);
    assert_eq!((me.text("/email"), me.text("/username")), (ada.email, ada.username));
    assert_eq!((me.text("/id"), me.text("/session_id")), (session.user_id.clone(), session.id.clone()));
    assert_eq!(me.value("/email_verified"), json!(true));
    refuses_bad_tokens(&world, Method::GET, "/auth/me").await;
    refuses_bad_tokens(&world, Method::POST, "/auth/logout").await;
}
