//! `/auth/mfa/passkey/{start,finish}`: a passkey after the password.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::harness::{PASSWORD, Person, Session, World, clock, refuses_malformed, refuses_values, settings};

const START: &str = "/auth/mfa/passkey/start";
const FINISH: &str = "/auth/mfa/passkey/finish";

/// Somebody with a password and a plain security key.
async fn member(world: &World) -> (Person, Session, Authenticator) {
    let (ada, session) = world.signed_in("ada").await;
    let mut key = Authenticator::without_verification();
    world.passkey(&session, &mut key).await;
    (ada, session, key)
}

async fn ticket(world: &World, person: &Person) -> String {
    let asked = world.try_login(&person.email, PASSWORD).await.expect(200);
    assert_eq!(asked.value("/mfa_required"), json!(true));
    assert!(asked.value("/methods").as_array().unwrap().contains(&json!("passkey")), "{asked}");
    assert_eq!(asked.value("/access_token"), Value::Null);
    asked.text("/mfa_ticket")
}

async fn answer(world: &World, ticket: &str, key: &mut Authenticator) -> Value {
    let asked = world.anonymous().post(START, &json!({"mfa_ticket": ticket})).await.expect(200);
    json!({"mfa_ticket": ticket, "credential": key.get(&asked.value("/options"))})
}

/// a touch after the password.
#[tokio::test]
async fn a_key_is_a_second_factor() {
    let world = World::start().await;
    let (ada, first, mut key) = member(&world).await;
    let ticket = ticket(&world, &ada).await;
    let asked = world.anonymous().post(START, &json!({"mfa_ticket": ticket})).await.expect(200);
    assert_eq!(asked.value("/options/userVerification"), json!("preferred"));
    assert_eq!(asked.value("/options/allowCredentials").as_array().unwrap().len(), 1);
    let body = json!({"mfa_ticket": ticket, "credential": key.get(&asked.value("/options"))});
    let signed_in = world.anonymous().post(FINISH, &body).await.expect(200);
    assert_eq!(signed_in.header("cache-control"), Some("no-store"));
    let session = world.session(&signed_in);
    assert_eq!(session.user_id, first.user_id);
    assert_eq!(claims(&session.access)["amr"], json!(["pwd", "hwk", "user", "mfa"]));
    world.anonymous().post(FINISH, &body).await.expect(401);
    world.service.finish().await;
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// what is no second factor; the fifth refusal ends the sign-in.
#[tokio::test]
async fn nothing_else_is_a_second_factor() {
    let world = World::start().await;
    let (ada, _, key) = member(&world).await;
    let (_, bobs) = world.with_passkey("bob").await;
    let ticket = ticket(&world, &ada).await;
    let untouched = Authenticator { touched: false, ..key.clone() };
    let elsewhere = Authenticator { origin: "https://evil.test".to_owned(), ..key.clone() };
    let misnamed = Authenticator { user_handle: bobs.user_handle.clone(), ..key.clone() };
    for mut bad in [untouched, elsewhere, misnamed, bobs, Authenticator::new()] {
        let body = answer(&world, &ticket, &mut bad).await;
        let refused = world.anonymous().post(FINISH, &body).await.expect(401);
        assert_eq!(refused.error_message(), "The passkey was not accepted.");
    }
    world.anonymous().post(START, &json!({"mfa_ticket": ticket})).await.expect(401);
}

/// an answer is good with its ticket, once, and not for long.
#[tokio::test]
async fn an_answer_is_good_with_its_ticket_once() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (ada, _, mut key) = member(&world).await;
    let (mine, other) = (ticket(&world, &ada).await, ticket(&world, &ada).await);
    let mut body = answer(&world, &mine, &mut key).await;
    body["mfa_ticket"] = json!(other);
    assert_eq!(world.anonymous().post(FINISH, &body).await.expect(400).error_fields(), ["credential"]);
    body["mfa_ticket"] = json!(mine);
    let anonymous = world.anonymous();
    let copies = join_all((0..10).map(|_| anonymous.post(FINISH, &body))).await;
    let won = copies.iter().filter(|answer| answer.status.as_u16() == 200).count();
    let lost = copies.iter().filter(|answer| [400, 401].contains(&answer.status.as_u16())).count();
    assert_eq!((won, lost), (1, 9));

    let late = answer(&world, &other, &mut key).await;
    clock.advance(Duration::from_secs(300));
    world.anonymous().post(FINISH, &late).await.expect(401);
}

/// a passkey that verified its user is not asked for twice, and brings no second session without that.
#[tokio::test]
async fn a_passkey_alone_is_two_factors() {
    let world = World::start().await;
    let (_, mut authenticator) = world.with_passkey("ada").await;
    let signed_in = world.passkey_login(&mut authenticator).await.expect(200);
    assert_eq!(signed_in.value("/mfa_required"), Value::Null);
    world.session(&signed_in).client.get("/auth/me").await.expect(200);
}

/// what is no request.
#[tokio::test]
async fn a_bad_request_is_refused() {
    let world = World::start().await;
    for path in [START, FINISH] {
        refuses_malformed(&world.anonymous(), Method::POST, path, "mfa_ticket").await;
    }
    refuses_values(&world.anonymous(), START, json!({}), &["mfa_ticket"]).await;
    refuses_values(&world.anonymous(), FINISH, json!({}), &["mfa_ticket", "credential"]).await;
    for ticket in ["nonsense", &"A".repeat(43)] {
        world.anonymous().post(START, &json!({"mfa_ticket": ticket})).await.expect(401);
    }
}
