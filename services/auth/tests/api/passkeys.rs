//! `/auth/passkeys`: registering, listing, renaming, removing.

use std::time::Duration;

use colink_core::clock::SystemClock;
use colink_core::id::PasskeyId;
use colink_events::Topic;
use colink_events::users::{PasskeyAdded, PasskeyRemoved, SessionRevoked};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::authenticator::{Authenticator, decode, encode};
use crate::harness::{World, clock, refuses_bad_tokens, refuses_malformed, refuses_values, settings};

const START: &str = "/auth/passkeys/register/start";
const FINISH: &str = "/auth/passkeys/register/finish";

/// a passkey is registered; the owner reads of it, and sessions elsewhere end.
#[tokio::test]
async fn a_passkey_is_registered() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let elsewhere = world.login(&ada).await;
    let mut users = world.stage.probe(Topic::Users).await;
    let mut authenticator = Authenticator::new();

    let options = session.client.post(START, &json!({})).await.expect(200).value("/options");
    assert_eq!(options["rp"], json!({"id": "localhost", "name": "CoLink"}));
    assert_eq!((&options["user"]["name"], &options["attestation"]), (&json!(ada.username), &json!("none")));
    assert_eq!(decode(&options["challenge"]).len(), 32);
    assert!(options["pubKeyCredParams"].as_array().unwrap().iter().any(|key| key["alg"] == -7));
    let selection = &options["authenticatorSelection"];
    assert_eq!(
        (&selection["residentKey"], &selection["userVerification"]),
        (&json!("preferred"), &json!("preferred"))
    );

    let body = json!({"name": " My key ", "credential": authenticator.create(&options)});
    let added = session.client.post(FINISH, &body).await.expect(201);
    let id = added.text("/id");
    assert_eq!((added.text("/name").as_str(), added.value("/passwordless")), ("My key", json!(true)));
    assert_eq!((added.value("/backed_up"), added.value("/last_used_at")), (json!(false), Value::Null));
    assert_eq!(added.value("/transports"), json!(["nfc", "usb"]));

    let (event, envelope) =
        users.await_event::<PasskeyAdded>(|event| event.passkey_id.to_string() == id).await;
    assert_eq!(event.user_id.to_string(), session.user_id);
    assert_eq!(envelope.actor.unwrap().session_id.unwrap().to_string(), session.id);
    let ended = users
        .await_event::<SessionRevoked>(|event| {
            event.session_id.is_some_and(|id| id.to_string() == elsewhere.id)
        })
        .await
        .0;
    assert_eq!(ended.reason, "passkey_added");
    elsewhere.client.get("/auth/me").await.expect(401);
    session.client.get("/auth/me").await.expect(200);
    world.mailbox.await_mail(&ada.email, "A passkey was added").await;

    assert_eq!(added.value("/recovery_codes").as_array().unwrap().len(), 10, "it is the first second factor");
    assert_eq!(added.header("cache-control"), Some("no-store"));
    let listed = session.client.get("/auth/passkeys").await.expect(200);
    let mut view = added.data::<Value>();
    for name in ["recovery_codes", "session"] {
        view.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(listed.value("/items/0"), view);
    let second = world.register_passkey(&session, &mut Authenticator::new()).await.expect(201);
    assert_eq!(second.value("/recovery_codes"), Value::Null);
    let excluded =
        session.client.post(START, &json!({})).await.expect(200).value("/options/excludeCredentials/1/id");
    assert_eq!(decode(&excluded), authenticator.credential_id);
    world.service.finish().await;
}

/// whoever holds a session of another day adds and removes nothing.
#[tokio::test]
async fn a_change_asks_for_a_fresh_proof() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (_, session) = world.signed_in("ada").await;
    let mut authenticator = Authenticator::new();
    let id = world.passkey(&session, &mut authenticator).await;
    let options = session.client.post(START, &json!({})).await.expect(200).value("/options");
    clock.advance(Duration::from_secs(601));
    let body = json!({"name": "Key", "credential": Authenticator::new().create(&options)});
    let answers = [
        session.client.post(START, &json!({})).await.expect(403),
        session.client.post(FINISH, &body).await.expect(403),
        session.client.delete(&format!("/auth/passkeys/{id}")).await.expect(403),
    ];
    for answer in answers {
        assert_eq!(answer.error_code(), "REAUTHENTICATION_REQUIRED");
    }
    session.client.patch(&format!("/auth/passkeys/{id}"), &json!({"name": "Old"})).await.expect(200);
}

/// what a thief or a broken client could send instead of an answer.
#[tokio::test]
async fn an_unsound_registration_is_refused() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let good = Authenticator::new();
    let wrong_origin = Authenticator { origin: "http://localhost:9999".to_owned(), ..good.clone() };
    let sub_origin = Authenticator { origin: "http://evil.localhost:8000".to_owned(), ..good.clone() };
    let wrong_rp = Authenticator { rp_id: "evil.test".to_owned(), ..good.clone() };
    let untouched = Authenticator { touched: false, ..good.clone() };
    let framed = Authenticator { client_data: json!({"crossOrigin": true}), ..good.clone() };
    let not_a_creation = Authenticator { client_data: json!({"type": "webauthn.get"}), ..good.clone() };
    let other_challenge =
        Authenticator { client_data: json!({"challenge": encode(&[7; 32])}), ..good.clone() };
    for mut bad in [wrong_origin, sub_origin, wrong_rp, untouched, framed, not_a_creation, other_challenge] {
        let answer = world.register_passkey(&session, &mut bad).await.expect(400);
        assert_eq!(
            (answer.error_code().as_str(), answer.error_fields()),
            ("VALIDATION_ERROR", vec!["credential".to_owned()])
        );
    }
    let mangled: [fn(&mut Value); 6] = [
        |credential| credential["rawId"] = json!(encode(&[1; 16])),
        |credential| credential["response"]["attestationObject"] = json!(encode(&[0xff; 40])),
        |credential| credential["response"]["attestationObject"] = json!(encode(&[0x9f; 4000])),
        |credential| credential["response"]["attestationObject"] = json!(""),
        |credential| credential["response"]["clientDataJSON"] = json!(encode(b"{")),
        |credential| {
            let object = decode(&credential["response"]["attestationObject"]);
            credential["response"]["attestationObject"] = json!(encode(&object[..object.len() - 9]));
        },
    ];
    for mangle in mangled {
        let options = session.client.post(START, &json!({})).await.expect(200).value("/options");
        let mut credential = good.clone().create(&options);
        mangle(&mut credential);
        let answer =
            session.client.post(FINISH, &json!({"name": "Key", "credential": credential})).await.expect(400);
        assert_eq!(answer.error_fields(), ["credential"], "{credential}");
    }
    assert_eq!(session.client.get("/auth/passkeys").await.expect(200).value("/items"), json!([]));
}

/// a challenge is good once, for its session, and not for long.
#[tokio::test]
async fn a_registration_is_answered_once_by_whoever_began_it() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (ada, session) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    let mut authenticator = Authenticator::new();
    let begin = async || session.client.post(START, &json!({})).await.expect(200).value("/options");

    let answer = json!({"name": "Key", "credential": authenticator.create(&begin().await)});
    bob.client.post(FINISH, &answer).await.expect(400);
    world.login(&ada).await.client.post(FINISH, &answer).await.expect(400);
    let copies = join_all((0..10).map(|_| session.client.post(FINISH, &answer))).await;
    let won = copies.iter().filter(|answer| answer.status.as_u16() == 201).count();
    assert_eq!((won, copies.iter().filter(|answer| answer.status.as_u16() == 400).count()), (1, 9));
    session.client.post(FINISH, &answer).await.expect(400);

    let refused = begin().await;
    session.client.post(FINISH, &json!({"name": "Key", "credential": Authenticator { touched: false, ..Authenticator::new() }.create(&refused)})).await.expect(400);
    let again = json!({"name": "Key", "credential": Authenticator::new().create(&refused)});
    session.client.post(FINISH, &again).await.expect(400);

    let late = json!({"name": "Key", "credential": Authenticator::new().create(&begin().await)});
    clock.advance(Duration::from_secs(300));
    session.client.post(FINISH, &late).await.expect(400);
    assert_eq!(session.client.get("/auth/passkeys").await.expect(200).value("/items/1"), Value::Null);
}

/// one credential belongs to one user.
#[tokio::test]
async fn a_credential_is_registered_once() {
    let world = World::start().await;
    let (session, mut authenticator) = world.with_passkey("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    let answer = world.register_passkey(&bob, &mut authenticator.clone()).await.expect(409);
    assert_eq!(answer.error_code(), "ALREADY_EXISTS");
    // The user's own is in the list of those that the authenticator should have declined.
    world.register_passkey(&session, &mut authenticator).await.expect(400);
}

/// twenty and no more, also when they come at once.
#[tokio::test]
async fn nobody_has_more_than_twenty() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    for _ in 0..19 {
        world.passkey(&session, &mut Authenticator::new()).await;
    }
    let id = world.passkey(&session, &mut Authenticator::new()).await;
    let answer = world.register_passkey(&session, &mut Authenticator::new()).await.expect(409);
    assert_eq!(answer.error_code(), "CONFLICT");
    session.client.delete(&format!("/auth/passkeys/{id}")).await.expect(204);
    world.passkey(&session, &mut Authenticator::new()).await;
}

/// names, and whose passkeys they are.
#[tokio::test]
async fn a_passkey_is_renamed_by_its_owner_alone() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let id = world.passkey(&session, &mut Authenticator::new()).await;
    let (_, bob) = world.signed_in("bob").await;
    let path = format!("/auth/passkeys/{id}");
    let renamed = session.client.patch(&path, &json!({"name": "Laptop"})).await.expect(200);
    assert_eq!(renamed.text("/name"), "Laptop");
    session.client.patch(&path, &json!({"name": "x".repeat(80)})).await.expect(200);
    let unknown = format!("/auth/passkeys/{}", PasskeyId::generate(&SystemClock));
    bob.client.patch(&path, &json!({"name": "Mine"})).await.expect(404);
    bob.client.delete(&path).await.expect(404);
    session.client.patch(&unknown, &json!({"name": "Laptop"})).await.expect(404);
    session.client.delete(&unknown).await.expect(404);
    assert_eq!(bob.client.get("/auth/passkeys").await.expect(200).value("/items"), json!([]));
    for name in ["", "  ", "two\nlines", &"x".repeat(81)] {
        let answer = session.client.patch(&path, &json!({"name": name})).await.expect(400);
        assert_eq!(answer.error_fields(), ["name"], "{name:?}");
    }
    refuses_malformed(&session.client, Method::PATCH, &path, "name").await;
    refuses_malformed(&session.client, Method::POST, FINISH, "name").await;
    refuses_values(&session.client, FINISH, json!({}), &["name", "credential"]).await;
    for (method, path) in [
        (Method::GET, "/auth/passkeys"),
        (Method::POST, START),
        (Method::POST, FINISH),
        (Method::PATCH, path.as_str()),
        (Method::DELETE, path.as_str()),
    ] {
        refuses_bad_tokens(&world, method, path).await;
    }
}

/// a passkey is removed, and opens nothing any more.
#[tokio::test]
async fn a_passkey_is_removed() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let mut authenticator = Authenticator::new();
    let id = world.passkey(&session, &mut authenticator).await;
    let elsewhere = world.session(&world.passkey_login(&mut authenticator).await.expect(200));
    let mut users = world.stage.probe(Topic::Users).await;
    let path = format!("/auth/passkeys/{id}");
    session.client.delete(&path).await.expect(204);
    session.client.delete(&path).await.expect(404);
    users.await_event::<PasskeyRemoved>(|event| event.passkey_id.to_string() == id).await;
    elsewhere.client.get("/auth/me").await.expect(401);
    world.passkey_login(&mut authenticator).await.expect(401);
    world.mailbox.await_mail(&ada.email, "A passkey was removed").await;
}

/// without a password the last passkey that signs in by itself stays, also when two are removed at once.
#[tokio::test]
async fn the_last_way_in_stays() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let mut last = Authenticator::new();
    let ids =
        [world.passkey(&session, &mut last).await, world.passkey(&session, &mut Authenticator::new()).await];
    let plain = world.passkey(&session, &mut Authenticator::without_verification()).await;
    let forget = "update users set password_hash = null where id = $1::uuid";
    sqlx::query(forget).bind(&session.user_id).execute(world.database()).await.unwrap();

    let paths = ids.map(|id| format!("/auth/passkeys/{id}"));
    let removals = join_all(paths.iter().map(|path| session.client.delete(path))).await;
    let mut statuses: Vec<u16> = removals.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    let refused = removals.iter().find(|answer| answer.status.as_u16() == 409).unwrap();
    assert_eq!(refused.error_code(), "CONFLICT");
    session.client.delete(&format!("/auth/passkeys/{plain}")).await.expect(204);
    let left = session.client.get("/auth/passkeys").await.expect(200);
    assert_eq!(left.value("/items").as_array().unwrap().len(), 1);
    session.client.delete(&format!("/auth/passkeys/{}", left.text("/items/0/id"))).await.expect(409);
}

/// a body that is too large is not even read.
#[tokio::test]
async fn an_oversized_answer_is_refused() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let body = json!({"name": "Key", "credential": {"id": "A".repeat(2_000_000)}});
    session.client.post(FINISH, &body).await.expect(413);
    for bytes in [0, 1024] {
        let mut odd = Authenticator { credential_id: vec![7; bytes], ..Authenticator::new() };
        world.register_passkey(&session, &mut odd).await.expect(400);
    }
    let mut longest = Authenticator { credential_id: vec![7; 1023], ..Authenticator::new() };
    world.passkey(&session, &mut longest).await;
    world.passkey_login(&mut longest).await.expect(200);
}
