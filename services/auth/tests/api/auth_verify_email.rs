//! `POST /auth/verify-email`.

use colink_events::Topic;
use colink_events::users::UserVerified;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

use crate::harness::{World, clock, refuses_malformed, refuses_values, settings};

/// of many uses of one token at once, one wins; later ones lose.
#[tokio::test]
async fn one_use_of_a_token_wins() {
    let world = World::start().await;
    let mut users = world.stage.probe(Topic::Users).await;
    let ada = world.stranger("ada");
    world.register(&ada).await.expect(201);
    let token = world.verification_mail(&ada).await.token();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (client, body) = (world.anonymous(), json!({ "token": token }));
        waiting.spawn(async move { client.post("/auth/verify-email", &body).await });
    }
    let answers = waiting.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status.is_success());
    assert_eq!((won.len(), lost.len()), (1, 9));
    for answer in lost {
        assert_eq!(answer.expect(400).error_fields(), ["token"]);
    }
    let session = world.login(&ada).await;
    users.await_event::<UserVerified>(|event| event.user_id.to_string() == session.user_id).await;
}

/// a token lives for 24 hours.
#[tokio::test]
async fn an_old_token_is_dead() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (early, late) = (world.stranger("early"), world.stranger("late"));
    world.register(&early).await.expect(201);
    world.register(&late).await.expect(201);
    let (first, second) = (world.verification_mail(&early).await, world.verification_mail(&late).await);
    clock.advance(Duration::from_secs(86_399));
    world.verify(&first.token()).await.expect(200);
    clock.advance(Duration::from_secs(2));
    assert_eq!(world.verify(&second.token()).await.expect(400).error_fields(), ["token"]);
}

/// a repetition with an idempotency key gets the first answer.
#[tokio::test]
async fn a_repetition_with_a_key_is_replayed() {
    let world = World::start().await;
    let ada = world.stranger("ada");
    world.register(&ada).await.expect(201);
    let body = json!({ "token": world.verification_mail(&ada).await.token() });
    let client = world.anonymous();
    let send = || client.request(Method::POST, "/auth/verify-email").idempotency_key("k1").json(&body).send();
    assert_eq!(send().await.expect(200).header("idempotent-replayed"), None);
    assert_eq!(send().await.expect(200).header("idempotent-replayed"), Some("true"));
}

/// what cannot be a token, and what is none.
#[tokio::test]
async fn bad_tokens_are_refused() {
    let world = World::start().await;
    let client = world.anonymous();
    refuses_malformed(&client, Method::POST, "/auth/verify-email", "token").await;
    for token in [String::new(), "short".to_owned(), "A".repeat(43), "ü".repeat(43), "A".repeat(100_000)] {
        refuses_values(&client, "/auth/verify-email", json!({ "token": token }), &["token"]).await;
    }
}

/// whoever proves the configured address becomes realm admin.
#[tokio::test]
async fn the_first_admin_is_configured() {
    let email = format!("Boss.{}@Example.test", colink_test::unique());
    let world = World::with(settings().set("bootstrap.admin_email", email.as_str())).await;
    let mut boss = world.stranger("boss");
    boss.email = email.to_lowercase();
    world.register(&boss).await.expect(201);
    let token = world.verification_mail(&boss).await.token();
    world.verify(&token).await.expect(200);
    let answer = world.try_login(&boss.email, &boss.password).await.expect(200);
    assert_eq!(answer.value("/user/realm_roles"), json!(["user", "admin"]));
    let (_, other) = world.signed_in("other").await;
    assert_eq!(other.client.get("/auth/me").await.value("/realm_roles"), json!(["user"]));
}
