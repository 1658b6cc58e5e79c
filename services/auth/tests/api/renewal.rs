//! What a copy of a refresh token is worth after its session became worth more: nothing.

use std::time::Duration;

use colink_test::Answer;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::browser::{Browser, cookie};
use crate::harness::{PASSWORD, Session, World, clock, settings};
use crate::mfa_harness::{App, Timed, claims};

const PROVE: &str = "/auth/reauthenticate";
const SETUP: &str = "/auth/mfa/totp/setup";
const VERIFY: &str = "/auth/mfa/totp/verify";

/// The old refresh token opens nothing and ends nothing, the new one goes on. What the new access token says of the proof.
async fn is_renewed(world: &World, old: &Session, answer: &Answer) -> Value {
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let new = world.renewed(answer);
    assert_eq!((&new.id, &new.user_id), (&old.id, &old.user_id));
    assert_eq!(world.refresh(&old.refresh).await.expect(401).error_code(), "TOKEN_INVALID");
    new.client.get("/auth/me").await.expect(200);
    let next = world.session(&world.refresh(&new.refresh).await.expect(200));
    assert_eq!(claims(&next.access)["amr"], claims(&new.access)["amr"]);
    let stolen = "select count(*) from outbox where type = $1";
    assert_eq!(world.count(stolen, "token.reused").await, 0);
    claims(&new.access)["amr"].clone()
}

/// a copy that was made before an app was put in use, or before its code was given, yields no token that says so.
#[tokio::test]
async fn a_copy_from_before_a_code_is_worth_nothing() {
    let timed = Timed::start().await;
    let (_, session) = timed.world.signed_in("ada").await;
    let setup = session.client.post(SETUP, &json!({})).await.expect(200);
    let app = App::new(&setup.text("/secret"), &timed.clock);
    let enabled = session.client.post(VERIFY, &json!({"code": app.code()})).await.expect(200);
    assert_eq!(is_renewed(&timed.world, &session, &enabled).await, json!(["pwd", "otp", "mfa"]));

    let session = timed.world.renewed(&enabled);
    let session = timed.world.session(&timed.world.refresh(&session.refresh).await.expect(200));
    let proof = json!({"password": PASSWORD, "code": app.next_code()});
    let proven = session.client.post(PROVE, &proof).await.expect(200);
    assert_eq!(is_renewed(&timed.world, &session, &proven).await, json!(["pwd", "otp", "mfa"]));
}

/// the same for a proof by password alone: sensitive changes are open afterwards.
#[tokio::test]
async fn a_copy_from_before_a_proof_is_worth_nothing() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    session.client.post(PROVE, &json!({"password": "Wr0ng!pencil"})).await.expect(401);
    let session = world.session(&world.refresh(&session.refresh).await.expect(200));
    let proven = session.client.post(PROVE, &json!({"password": PASSWORD})).await.expect(200);
    assert_eq!(is_renewed(&world, &session, &proven).await, json!(["pwd"]));
}

/// the same for passkeys.
#[tokio::test]
async fn a_copy_from_before_a_passkey_is_worth_nothing() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let mut authenticator = Authenticator::new();
    let added = world.register_passkey(&session, &mut authenticator).await.expect(201);
    assert_eq!(is_renewed(&world, &session, &added).await, json!(["pwd", "hwk", "mfa"]));

    let session = world.login_by_passkey(&mut authenticator).await;
    let options = session.client.post("/auth/reauthenticate/passkey/start", &json!({})).await.expect(200);
    let body = json!({"credential": authenticator.get(&options.value("/options"))});
    let proven = session.client.post("/auth/reauthenticate/passkey/finish", &body).await.expect(200);
    is_renewed(&world, &session, &proven).await;
}

/// putting an app in use is no proof of who somebody is: sensitive changes stay open no longer by it.
#[tokio::test]
async fn an_enrolment_is_no_fresh_proof() {
    let clock = clock();
    let world = World::with(settings().set("tokens.access_s", 3600).clock(clock.clone())).await;
    let (_, session) = world.signed_in("ada").await;
    let setup = session.client.post(SETUP, &json!({})).await.expect(200);
    let app = App::new(&setup.text("/secret"), &clock);
    clock.advance(Duration::from_secs(599));
    let enabled = session.client.post(VERIFY, &json!({"code": app.code()})).await.expect(200);
    let session = world.renewed(&enabled);
    clock.advance(Duration::from_secs(1));
    let stale = session.client.post("/auth/mfa/recovery-codes", &json!({})).await.expect(403);
    assert_eq!(stale.error_code(), "REAUTHENTICATION_REQUIRED");
}

/// a browser gets the new token as a cookie, and its CSRF token stays.
#[tokio::test]
async fn a_browser_gets_the_new_cookie() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let browser = world.browse(&ada).await;
    let proven = browser.page.post(PROVE, &json!({"password": PASSWORD})).await.expect(200);
    let renewed = Browser { cookie: cookie(&proven).unwrap(), ..browser.clone() };
    let body = String::from_utf8_lossy(&proven.body).into_owned();
    assert!(!body.contains("refresh_token") && !body.contains(&renewed.cookie), "in no body");
    world.refresh_browser(&browser).await.expect(401);
    world.refresh_browser(&renewed).await.expect(200);
}

/// a refresh in the same moment is before or after the proof: nothing waits for ever, and no token of before is left.
#[tokio::test]
async fn a_refresh_at_the_same_time_gets_nothing_of_the_proof() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    for _ in 0..8 {
        let session = world.login(&ada).await;
        let body = json!({"password": PASSWORD});
        let proof = session.client.post(PROVE, &body);
        let (proven, refreshed) = join(proof, world.refresh(&session.refresh)).await;
        let proven = world.renewed(&proven.expect(200));
        if refreshed.status == 200 {
            world.refresh(&refreshed.text("/refresh_token")).await.expect(401);
        } else {
            refreshed.expect(401);
        }
        world.refresh(&session.refresh).await.expect(401);
        world.refresh(&proven.refresh).await.expect(200);
    }
}
