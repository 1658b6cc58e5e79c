//! `POST /auth/reauthenticate` of somebody whose second factor is a passkey.

use std::sync::Arc;
use std::time::Duration;

use colink_core::clock::ManualClock;
use colink_test::Answer;
use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::harness::{PASSWORD, Session, World, clock, refuses_values, settings};
use crate::mfa_harness::{Timed, claims};

const PROVE: &str = "/auth/reauthenticate";
const START: &str = "/auth/reauthenticate/passkey/start";
const FINISH: &str = "/auth/reauthenticate/passkey/finish";
const SENSITIVE: &str = "/auth/passkeys/register/start";

/// Somebody with a password and a plain security key, whose proof is old.
async fn stale() -> (World, Arc<ManualClock>, Session, Authenticator) {
    let clock = clock();
    let world = World::with(settings().set("tokens.access_s", 3600).clock(clock.clone())).await;
    let (_, session) = world.signed_in("ada").await;
    let mut key = Authenticator::without_verification();
    world.passkey(&session, &mut key).await;
    clock.advance(Duration::from_secs(601));
    (world, clock, session, key)
}

/// What the key is asked beside a password.
async fn asked(session: &Session) -> Value {
    let begun = session.client.post(&format!("{START}?second_factor=true"), &json!({})).await.expect(200);
    begun.value("/options")
}

async fn prove(session: &Session, password: &str, credential: &Value) -> Answer {
    session.client.post(PROVE, &json!({"password": password, "credential": credential})).await
}

/// a password alone is half of the proof, as at sign-in; a touch is the other half, once.
#[tokio::test]
async fn a_password_takes_a_touch_besides() {
    let (world, _, session, mut key) = stale().await;
    let missing = session.client.post(PROVE, &json!({ "password": PASSWORD })).await.expect(401);
    assert_eq!(missing.error_code(), "MFA_REQUIRED");
    let digits = json!({"password": PASSWORD, "code": "123456"});
    assert_eq!(session.client.post(PROVE, &digits).await.expect(401).error_code(), "MFA_REQUIRED");
    session.client.post(SENSITIVE, &json!({})).await.expect(403);

    let options = asked(&session).await;
    assert_eq!(options["userVerification"], "preferred");
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
    let credential = key.get(&options);
    let proven = prove(&session, PASSWORD, &credential).await.expect(200);
    assert_eq!(proven.value("/expires_in"), json!(600));
    let renewed = world.renewed(&proven);
    assert_eq!(claims(&renewed.access)["amr"], json!(["pwd", "hwk", "mfa", "user"]));
    renewed.client.post(SENSITIVE, &json!({})).await.expect(200);
    assert_eq!(prove(&session, PASSWORD, &credential).await.expect(400).error_fields(), ["credential"]);
}

/// neither half is taken for the whole, nor the answer to another question.
#[tokio::test]
async fn nothing_less_proves_it() {
    let (world, clock, session, key) = stale().await;
    let (_, bobs) = world.with_passkey("bob").await;
    let untouched = Authenticator { touched: false, ..key.clone() };
    let elsewhere = Authenticator { origin: "https://evil.test".to_owned(), ..key.clone() };
    for mut bad in [untouched, elsewhere, bobs, Authenticator::new()] {
        let refused = prove(&session, PASSWORD, &bad.get(&asked(&session).await)).await.expect(401);
        assert_eq!(refused.error_message(), "The passkey was not accepted.");
    }
    let mut key = key;
    let touch = key.get(&asked(&session).await);
    prove(&session, "Wr0ng!pencil", &touch).await.expect(401);
    refuses_values(&session.client, PROVE, json!({ "credential": touch }), &["password"]).await;
    let both = json!({"password": PASSWORD, "code": "123456", "credential": touch});
    refuses_values(&session.client, PROVE, both, &["credential"]).await;
    // A touch is no answer where the user is to be verified, nor the other way round.
    let alone = session.client.post(FINISH, &json!({ "credential": touch })).await.expect(400);
    assert_eq!(alone.error_fields(), ["credential"]);
    clock.advance(Duration::from_secs(300));
    prove(&session, PASSWORD, &touch).await.expect(400);
    let question = session.client.post(START, &json!({})).await.expect(200).value("/options");
    prove(&session, PASSWORD, &key.get(&question)).await.expect(400);
    session.client.post(SENSITIVE, &json!({})).await.expect(403);
}

/// whoever has an app and a key shows either; without a password a touch alone is not enough.
#[tokio::test]
async fn a_key_goes_beside_an_app() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    let mut key = Authenticator::without_verification();
    timed.world.passkey(&ada.session, &mut key).await;
    let missing = ada.session.client.post(PROVE, &json!({ "password": PASSWORD })).await.expect(401);
    assert_eq!(missing.error_code(), "MFA_REQUIRED");
    let code = json!({"password": PASSWORD, "code": ada.app.next_code()});
    let session = timed.world.renewed(&ada.session.client.post(PROVE, &code).await.expect(200));
    let touch = key.get(&asked(&session).await);
    let session = timed.world.renewed(&prove(&session, PASSWORD, &touch).await.expect(200));

    sqlx::query("update users set password_hash = null where username = $1")
        .bind(&ada.person.username)
        .execute(timed.world.database())
        .await
        .unwrap();
    let touch = json!({"credential": key.get(&asked(&session).await)});
    let refused = session.client.post(PROVE, &touch).await.expect(401);
    assert_eq!(refused.error_code(), "MFA_REQUIRED");
    session.client.post(PROVE, &json!({"code": ada.app.next_code()})).await.expect(200);
}

/// with a second factor a new password is set by the old one, and proves nothing more than that.
#[tokio::test]
async fn a_changed_password_is_half_a_proof() {
    let (world, _, session, _) = stale().await;
    let change = json!({"current_password": PASSWORD, "new_password": "An0ther!pencil"});
    let renewed = world.session(&session.client.post("/auth/change-password", &change).await.expect(200));
    let stale = renewed.client.post(SENSITIVE, &json!({})).await.expect(403);
    assert_eq!(stale.error_code(), "REAUTHENTICATION_REQUIRED");
}
