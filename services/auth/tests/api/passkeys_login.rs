//! `/auth/passkeys/login/{start,finish}`: signing in with a passkey and nothing else.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use colink_events::Topic;
use colink_events::users::{LoginFailed, PasskeyCloned, SessionStarted};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::authenticator::{Authenticator, decode, encode};
use crate::harness::{World, clock, refuses_malformed, refuses_values, settings};

const START: &str = "/auth/passkeys/login/start";
const FINISH: &str = "/auth/passkeys/login/finish";

/// nobody types who he is.
#[tokio::test]
async fn a_passkey_signs_in() {
    let world = World::start().await;
    let (first, mut authenticator) = world.with_passkey("ada").await;
    let mut body = world.passkey_answer(&mut authenticator).await;
    body["device_name"] = json!("Phone");
    let answer = world.anonymous().post(FINISH, &body).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let session = world.session(&answer);
    assert_eq!(session.user_id, first.user_id);
    session.client.get("/auth/me").await.expect(200);
    world.refresh(&session.refresh).await.expect(200);

    let part = session.access.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    assert_eq!(claims["amr"], json!(["hwk", "mfa"]));
    let mut users = world.stage.probe(Topic::Users).await;
    let started =
        users.await_event::<SessionStarted>(|event| event.session_id.to_string() == session.id).await.0;
    assert_eq!(started.method, "passkey");
    let sessions = first.client.get("/auth/sessions").await.expect(200);
    assert_eq!(sessions.text("/items/0/device_name"), "Phone");
    let passkeys = first.client.get("/auth/passkeys").await.expect(200);
    assert!(passkeys.value("/items/0/last_used_at").is_string());
    world.service.finish().await;
}

/// the beginning tells nothing about anybody, and each is another.
#[tokio::test]
async fn everybody_is_asked_the_same() {
    let world = World::start().await;
    world.with_passkey("ada").await;
    let begun = [
        world.anonymous().post(START, &json!({})).await.expect(200),
        world.anonymous().post(START, &json!({})).await.expect(200),
    ];
    for answer in &begun {
        let options = answer.value("/options");
        assert_eq!(
            (&options["allowCredentials"], &options["userVerification"]),
            (&json!([]), &json!("required"))
        );
        assert_eq!((&options["rpId"], &options["timeout"]), (&json!("localhost"), &json!(300_000)));
    }
    assert_ne!(begun[0].text("/ceremony_id"), begun[1].text("/ceremony_id"));
    assert_ne!(begun[0].value("/options/challenge"), begun[1].value("/options/challenge"));
}

/// what a phisher, a thief or a broken client could send; the answer is always the same.
#[tokio::test]
async fn an_unsound_answer_is_refused() {
    let world = World::start().await;
    let (ada, mut good) = world.with_passkey("ada").await;
    let (bob, bobs) = world.with_passkey("bob").await;
    let change = |change: fn(&mut Authenticator)| {
        let mut bad = good.clone();
        change(&mut bad);
        bad
    };
    let handle_of = |id: &str| Some(id.parse::<uuid::Uuid>().unwrap().as_bytes().to_vec());
    let cases = [
        ("origin", change(|bad| bad.origin = "https://localhost:8000".to_owned())),
        ("port", change(|bad| bad.origin = "http://localhost:9999".to_owned())),
        ("rp id", change(|bad| bad.rp_id = "evil.test".to_owned())),
        ("untouched", change(|bad| bad.touched = false)),
        ("unverified", change(|bad| bad.verifies = false)),
        ("framed", change(|bad| bad.client_data = json!({"crossOrigin": true}))),
        ("type", change(|bad| bad.client_data = json!({"type": "webauthn.create"}))),
        ("challenge", change(|bad| bad.client_data = json!({"challenge": encode(&[7; 32])}))),
        ("no handle", change(|bad| bad.user_handle = None)),
        ("odd handle", change(|bad| bad.user_handle = Some(vec![1, 2, 3]))),
        ("bob's handle", Authenticator { user_handle: handle_of(&bob.user_id), ..good.clone() }),
        ("ada's id, bob's key", {
            let (credential_id, user_handle) = (good.credential_id.clone(), good.user_handle.clone());
            Authenticator { credential_id, user_handle, ..bobs.clone() }
        }),
        ("bob's key for ada", Authenticator { user_handle: handle_of(&ada.user_id), ..bobs.clone() }),
        ("stranger", Authenticator { user_handle: handle_of(&ada.user_id), ..Authenticator::new() }),
    ];
    for (what, mut bad) in cases {
        let answer = world.passkey_login(&mut bad).await;
        assert_eq!(answer.status.as_u16(), 401, "{what}: {answer}");
        assert_eq!(answer.error_code(), "INVALID_CREDENTIALS", "{what}");
        assert_eq!(answer.error_message(), "The passkey was not accepted.", "{what}");
    }
    let mangled: [fn(&mut Value); 5] = [
        |credential| credential["response"]["signature"] = json!(encode(&[1; 70])),
        |credential| credential["response"]["authenticatorData"] = json!(encode(&[1; 36])),
        |credential| credential["response"]["authenticatorData"] = json!(""),
        |credential| credential["response"]["clientDataJSON"] = json!(encode(b"[]")),
        |credential| {
            let mut data = decode(&credential["response"]["authenticatorData"]);
            data.push(0);
            credential["response"]["authenticatorData"] = json!(encode(&data));
        },
    ];
    for mangle in mangled {
        let mut body = world.passkey_answer(&mut good).await;
        mangle(&mut body["credential"]);
        world.anonymous().post(FINISH, &body).await.expect(401);
    }
    let mut users = world.stage.probe(Topic::Users).await;
    let failed = users
        .await_event::<LoginFailed>(|event| event.user_id.is_some_and(|id| id.to_string() == ada.user_id))
        .await;
    assert_eq!(failed.0.reason, "passkey");
    world.passkey_login(&mut good).await.expect(200);
}

/// an answer is good once, however often and however fast it is sent.
#[tokio::test]
async fn an_answer_is_good_once() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (_, mut authenticator) = world.with_passkey("ada").await;
    let body = world.passkey_answer(&mut authenticator).await;
    let anonymous = world.anonymous();
    let copies = join_all((0..10).map(|_| anonymous.post(FINISH, &body))).await;
    let count = |status| copies.iter().filter(|answer| answer.status.as_u16() == status).count();
    assert_eq!((count(200), count(400)), (1, 9));
    let replayed = anonymous.post(FINISH, &body).await.expect(400);
    assert_eq!(replayed.error_fields(), ["ceremony_id"]);

    // In another ceremony the challenge is another one, and this ends it all the same.
    let mut fresh = world.passkey_answer(&mut authenticator).await;
    let answer = fresh["credential"].clone();
    fresh["credential"] = body["credential"].clone();
    anonymous.post(FINISH, &fresh).await.expect(401);
    fresh["credential"] = answer;
    anonymous.post(FINISH, &fresh).await.expect(400);

    let late = world.passkey_answer(&mut authenticator).await;
    clock.advance(Duration::from_secs(300));
    anonymous.post(FINISH, &late).await.expect(400);
    let in_time = world.passkey_answer(&mut authenticator).await;
    clock.advance(Duration::from_secs(299));
    anonymous.post(FINISH, &in_time).await.expect(200);
}

/// the challenge of another purpose signs nobody in.
#[tokio::test]
async fn another_ceremony_signs_nobody_in() {
    let world = World::start().await;
    let (session, mut authenticator) = world.with_passkey("ada").await;
    let proving = session.client.post("/auth/reauthenticate/passkey/start", &json!({})).await.expect(200);
    let begun = world.anonymous().post(START, &json!({})).await.expect(200);
    let body = json!({
        "ceremony_id": begun.text("/ceremony_id"), "credential": authenticator.get(&proving.value("/options")),
    });
    world.anonymous().post(FINISH, &body).await.expect(401);
    let registering = session.client.post("/auth/passkeys/register/start", &json!({})).await.expect(200);
    let begun = world.anonymous().post(START, &json!({})).await.expect(200);
    let body = json!({
        "ceremony_id": begun.text("/ceremony_id"), "credential": authenticator.get(&registering.value("/options")),
    });
    world.anonymous().post(FINISH, &body).await.expect(401);
    // And the other way round.
    let answer = world.passkey_answer(&mut authenticator).await;
    let body = json!({"credential": answer["credential"]});
    session.client.post("/auth/reauthenticate/passkey/finish", &body).await.expect(401);
}

/// a counter that goes back tells of a copy: it is refused, and the audit log hears of it.
#[tokio::test]
async fn a_cloned_authenticator_is_noticed() {
    let world = World::start().await;
    let (session, mut authenticator) = world.with_passkey("ada").await;
    let mut copy = authenticator.clone();
    world.passkey_login(&mut authenticator).await.expect(200);
    world.passkey_login(&mut authenticator).await.expect(200);
    let mut users = world.stage.probe(Topic::Users).await;
    world.passkey_login(&mut copy).await.expect(401);
    let (event, envelope) =
        users.await_event::<PasskeyCloned>(|event| event.user_id.to_string() == session.user_id).await;
    let id = session.client.get("/auth/passkeys").await.expect(200).text("/items/0/id");
    assert_eq!(event.passkey_id.to_string(), id);
    assert!(envelope.actor.unwrap().ip.is_some());
    // The same counter again, and none at all where there was one.
    world.passkey_login(&mut copy).await.expect(401);
    copy.counter = None;
    world.passkey_login(&mut copy).await.expect(401);
    world.passkey_login(&mut authenticator).await.expect(200);
    world.service.finish().await;
}

/// authenticators that copy their passkeys to other devices do not count.
#[tokio::test]
async fn a_synchronised_passkey_signs_in_again_and_again() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let mut authenticator = Authenticator { counter: None, backed_up: true, ..Authenticator::new() };
    world.passkey(&session, &mut authenticator).await;
    for _ in 0..3 {
        world.passkey_login(&mut authenticator).await.expect(200);
    }
    let listed = session.client.get("/auth/passkeys").await.expect(200);
    assert_eq!(listed.value("/items/0/backed_up"), json!(true));
}

/// a plain security key is no proof of who holds it, so alone it opens nothing.
#[tokio::test]
async fn a_key_that_verifies_nobody_does_not_sign_in() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let mut plain = Authenticator::without_verification();
    let added = world.register_passkey(&session, &mut plain).await.expect(201);
    assert_eq!(added.value("/passwordless"), json!(false));
    world.passkey_login(&mut plain).await.expect(401);
}

/// a suspended account stays closed.
#[tokio::test]
async fn a_suspended_account_is_not_entered() {
    let world = World::start().await;
    let (session, mut authenticator) = world.with_passkey("ada").await;
    let suspend = "update users set suspended_at = now() where id = $1::uuid";
    sqlx::query(suspend).bind(&session.user_id).execute(world.database()).await.unwrap();
    let answer = world.passkey_login(&mut authenticator).await.expect(403);
    assert_eq!(answer.error_code(), "FORBIDDEN");
}

/// what is no request, and too many of them.
#[tokio::test]
async fn a_bad_request_is_refused() {
    let world = World::with(settings().set("limits.login_per_ip_per_minute", 40)).await;
    let (_, mut authenticator) = world.with_passkey("ada").await;
    let mut body = world.passkey_answer(&mut authenticator).await;
    body["credential"]["response"]["later_field"] = json!(true);
    body["device_name"] = json!("x".repeat(81));
    let anonymous = world.anonymous();
    refuses_values(&anonymous, FINISH, body.clone(), &["device_name"]).await;
    refuses_values(&anonymous, FINISH, json!({}), &["ceremony_id", "credential"]).await;
    refuses_malformed(&anonymous, Method::POST, FINISH, "ceremony_id").await;
    for (pointer, wrong) in
        [("/response/signature", json!(7)), ("/rawId", json!("=")), ("/response", json!({}))]
    {
        let mut credential = body["credential"].clone();
        *credential.pointer_mut(pointer).unwrap() = wrong;
        let body = json!({"ceremony_id": body["ceremony_id"], "credential": credential});
        let answer = anonymous.post(FINISH, &body).await.expect(400);
        assert_eq!(answer.error_code(), "INVALID_REQUEST", "{pointer}");
    }
    body["device_name"] = json!("x".repeat(80));
    anonymous.post(FINISH, &body).await.expect(200);

    let elsewhere = world.anonymous().with_header("x-forwarded-for", "203.0.113.8");
    for _ in 0..40 {
        elsewhere.post(START, &json!({})).await.expect(200);
    }
    assert_eq!(elsewhere.post(START, &json!({})).await.expect(429).error_code(), "RATE_LIMITED");
    elsewhere.post(FINISH, &body).await.expect(429);
}
