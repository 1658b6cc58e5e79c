//! `/auth/reauthenticate/passkey/{start,finish}`.

use std::time::Duration;

use colink_core::clock::ManualClock;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::harness::{Session, World, clock, refuses_bad_tokens, settings};

const START: &str = "/auth/reauthenticate/passkey/start";
const FINISH: &str = "/auth/reauthenticate/passkey/finish";
const SENSITIVE: &str = "/auth/passkeys/register/start";

/// A session whose proof is old.
async fn stale(world: &World, clock: &ManualClock) -> (Session, Authenticator) {
    let (session, authenticator) = world.with_passkey("ada").await;
    clock.advance(Duration::from_secs(601));
    session.client.post(SENSITIVE, &json!({})).await.expect(403);
    (session, authenticator)
}

async fn begin(session: &Session) -> Value {
    session.client.post(START, &json!({})).await.expect(200).value("/options")
}

/// sensitive changes are open again, in this session alone.
#[tokio::test]
async fn a_passkey_proves_again() {
    let clock = clock();
    let world = World::with(settings().set("tokens.access_s", 3600).clock(clock.clone())).await;
    let (session, mut authenticator) = stale(&world, &clock).await;
    let other = world.session(&world.passkey_login(&mut authenticator).await.expect(200));
    clock.advance(Duration::from_secs(601));

    let options = begin(&session).await;
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
    assert_eq!(options["allowCredentials"][0]["transports"], json!(["nfc", "usb"]));
    // An authenticator that was told the credential need not say whose it is.
    authenticator.user_handle = None;
    let body = json!({"credential": authenticator.get(&options)});
    let proven = session.client.post(FINISH, &body).await.expect(200);
    assert_eq!(proven.value("/expires_in"), json!(600));
    session.client.post(SENSITIVE, &json!({})).await.expect(200);
    other.client.post(SENSITIVE, &json!({})).await.expect(403);
    session.client.post(FINISH, &body).await.expect(400);
}

/// what does not prove it.
#[tokio::test]
async fn nothing_else_proves_it() {
    let clock = clock();
    let world = World::with(settings().set("tokens.access_s", 3600).clock(clock.clone())).await;
    let (session, authenticator) = stale(&world, &clock).await;
    let (_, bobs) = world.with_passkey("bob").await;
    let unverified = Authenticator { verifies: false, ..authenticator.clone() };
    let elsewhere = Authenticator { origin: "https://evil.test".to_owned(), ..authenticator.clone() };
    let misnamed = Authenticator { user_handle: bobs.user_handle.clone(), ..authenticator.clone() };
    for mut bad in [unverified, elsewhere, misnamed, bobs, Authenticator::new()] {
        let body = json!({"credential": bad.get(&begin(&session).await)});
        let answer = session.client.post(FINISH, &body).await.expect(401);
        assert_eq!(answer.error_code(), "INVALID_CREDENTIALS");
    }
    let mut late = authenticator.clone();
    let body = json!({"credential": late.get(&begin(&session).await)});
    clock.advance(Duration::from_secs(300));
    assert_eq!(session.client.post(FINISH, &body).await.expect(400).error_fields(), ["credential"]);
    assert_eq!(session.client.post(FINISH, &json!({})).await.expect(400).error_fields(), ["credential"]);
    session.client.post(SENSITIVE, &json!({})).await.expect(403);
    for path in [START, FINISH] {
        refuses_bad_tokens(&world, Method::POST, path).await;
    }
}

/// of ten equal answers one is looked at.
#[tokio::test]
async fn one_of_ten_wins() {
    let world = World::start().await;
    let (session, mut authenticator) = world.with_passkey("ada").await;
    let body = json!({"credential": authenticator.get(&begin(&session).await)});
    let copies = join_all((0..10).map(|_| session.client.post(FINISH, &body))).await;
    let count = |status| copies.iter().filter(|answer| answer.status.as_u16() == status).count();
    assert_eq!((count(200), count(400)), (1, 9));
}

/// whoever has no passkey is told so.
#[tokio::test]
async fn a_user_without_passkey_cannot_begin() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    assert_eq!(session.client.post(START, &json!({})).await.expect(409).error_code(), "CONFLICT");
}
