//! Signing keys.

use std::time::Duration;

use colink_events::Topic;
use colink_events::users::SigningKeyRotated;
use colink_test::{SOON, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Session, World, clock, refuses_bad_tokens, settings};
use crate::mfa_harness::Timed;
use crate::operator::{command, said};

async fn kids(world: &World) -> Vec<String> {
    let answer = world.anonymous().get("/.well-known/jwks.json").await.expect(200);
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    for key in &keys {
        assert_eq!(
            (&key["kty"], &key["crv"], &key["alg"]),
            (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
        );
        assert_eq!((&key["use"], &key["d"]), (&json!("sig"), &Value::Null), "never the private half");
    }
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(session: &Session) -> String {
    use base64::Engine;
    let head = session.access.split('.').next().unwrap();
    let head = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(head).unwrap();
    let head: Value = serde_json::from_slice(&head).unwrap();
    assert_eq!(head["alg"], "EdDSA");
    head["kid"].as_str().unwrap().to_owned()
}

/// an admin rotates; new tokens have the new key, old tokens stay valid, both keys are published.
#[tokio::test]
async fn a_rotation_keeps_old_tokens_valid() {
    let email = format!("boss.{}@example.test", colink_test::unique());
    let world = World::with(settings().set("bootstrap.admin_email", email.as_str())).await;
    let mut boss = world.stranger("boss");
    boss.email = email;
    world.register(&boss).await.expect(201);
    world.verify(&world.verification_mail(&boss).await.token()).await.expect(200);
    let old = world.login(&boss).await;
    assert_eq!(kids(&world).await, [kid(&old)]);

    let rotated = old.client.post("/auth/signing-keys/rotate", &json!({})).await.expect(201);
    let new = world.login(&boss).await;
    assert_eq!(kid(&new), rotated.text("/kid"));
    assert_eq!(kids(&world).await, [kid(&new), kid(&old)]);
    for session in [&old, &new] {
        session.client.get("/auth/me").await.expect(200);
    }
    let mut users = world.stage.probe(Topic::Users).await;
    users.await_event::<SigningKeyRotated>(|event| event.kid == kid(&new)).await;
}

/// whoever has an administrator's token and no proof rotates nothing; with one, a single new key waits at a time.
#[tokio::test]
async fn a_rotation_needs_a_fresh_proof_and_waits_for_the_one_before() {
    let timed = Timed::with(settings().set("keys.activation_delay_s", 60)).await;
    let (world, clock) = (&timed.world, &timed.clock);
    let (boss, _) = timed.admin("boss").await;
    let session = world.login(&boss).await;
    clock.advance(Duration::from_secs(600));
    let rotate = async |session: &Session| session.client.post("/auth/signing-keys/rotate", &json!({})).await;
    let stale = rotate(&session).await.expect(403);
    assert_eq!(stale.error_code(), "REAUTHENTICATION_REQUIRED");
    assert_eq!(kids(world).await.len(), 1);

    let session = world.login(&boss).await;
    let first = rotate(&session).await.expect(201).text("/kid");
    clock.advance(Duration::from_secs(20));
    for _ in 0..3 {
        let early = rotate(&session).await.expect(409);
        assert_eq!((early.error_code().as_str(), early.header("retry-after")), ("CONFLICT", Some("40")));
    }
    assert_eq!(kids(world).await.len(), 2);
    clock.advance(Duration::from_secs(40));
    assert_eq!(kid(&world.login(&boss).await), first);
    rotate(&session).await.expect(201);
}

/// only realm admins rotate.
#[tokio::test]
async fn a_rotation_is_not_for_everybody() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let answer = session.client.post("/auth/signing-keys/rotate", &json!({})).await.expect(403);
    assert_eq!(answer.error_code(), "FORBIDDEN");
    assert_eq!(kids(&world).await.len(), 1);
    refuses_bad_tokens(&world, Method::POST, "/auth/signing-keys/rotate").await;
}

/// keys survive a restart.
#[tokio::test]
async fn keys_survive_a_restart() {
    let mut world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let before = kids(&world).await;
    world.service.restart().await;
    assert_eq!(kids(&world).await, before);
    world.anonymous().bearer(&session.access).get("/auth/me").await.expect(200);
    world.refresh(&session.refresh).await.expect(200);
}

/// an old key is replaced by itself, published on for the overlap, and then gone.
#[tokio::test]
async fn keys_rotate_by_age() {
    let clock = clock();
    let world = World::with(settings().set("keys.reload_s", 1).clock(clock.clone())).await;
    let first = kids(&world).await;
    clock.advance(Duration::from_secs(30 * 86_400));
    let both =
        eventually("a second key", SOON, async || Some(kids(&world).await).filter(|kids| kids.len() == 2))
            .await;
    assert_eq!(both[1], first[0]);
    clock.advance(Duration::from_secs(86_401));
    eventually("the end of the first", SOON, async || (kids(&world).await == both[..1]).then_some(())).await;
}

/// an operator without an administrator's session rotates by a command; the running service takes the key over.
#[tokio::test]
async fn a_command_rotates() {
    let world = World::with(settings().set("keys.reload_s", 1)).await;
    let (ada, old) = world.signed_in("ada").await;
    let mut rotate = command(&world, "rotate-signing-key");
    let done = rotate.env("COLINK_AUTH__KEYS__ACTIVATION_DELAY_S", "0").output().unwrap();
    let said = said(&done);
    assert!(done.status.success() && said.contains("signs from"), "{said}");
    let published =
        eventually("the new key", SOON, async || Some(kids(&world).await).filter(|kids| kids.len() == 2));
    let published = published.await;
    assert!(said.contains(&published[0]), "{said}");
    let new = world.login(&ada).await;
    assert_eq!((kid(&new), kid(&old)), (published[0].clone(), published[1].clone()));
    for session in [&old, &new] {
        session.client.get("/auth/me").await.expect(200);
    }
    let mut users = world.stage.probe(Topic::Users).await;
    users.await_event::<SigningKeyRotated>(|event| event.kid == published[0]).await;
}
