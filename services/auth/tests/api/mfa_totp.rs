//! Authenticator apps: set up, put in use, given up.

use std::time::Duration;

use colink_events::Topic;
use colink_events::users::{MfaDisabled, MfaEnabled, SessionDowngraded, SessionRevoked};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{PASSWORD, refuses_bad_tokens, refuses_malformed, refuses_values};
use crate::mfa_harness::{App, Timed, claims};

const SETUP: &str = "/auth/mfa/totp/setup";
const VERIFY: &str = "/auth/mfa/totp/verify";
const DISABLE: &str = "/auth/mfa/totp/disable";

/// the app counts with its first code; the seed is stored sealed; the other sessions end; a mail.
#[tokio::test]
async fn an_app_is_put_in_use() {
    let timed = Timed::start().await;
    let (ada, session) = timed.world.signed_in("ada").await;
    let other = timed.world.login(&ada).await;
    let setup = session.client.post(SETUP, &json!({})).await.expect(200);
    assert_eq!(setup.header("cache-control"), Some("no-store"));
    let secret = setup.text("/secret");
    assert_eq!(secret.len(), 32);
    let uri = setup.text("/otpauth_uri");
    assert!(
        uri.starts_with("otpauth://totp/CoLink:") && uri.contains(&format!("secret={secret}&issuer=CoLink"))
    );
    assert!(setup.text("/qr_png").starts_with("iVBORw0KGgo"), "a PNG");
    assert_eq!(setup.value("/expires_in"), json!(900));
    let sealed: Vec<u8> =
        sqlx::query_scalar("select sealed_secret from totp_secrets where user_id = $1::uuid")
            .bind(&session.user_id)
            .fetch_one(timed.world.database())
            .await
            .unwrap();
    let seed = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    assert!(!sealed.windows(seed.len()).any(|window| window == seed), "the seed is not readable");

    assert_eq!(session.client.get("/auth/mfa").await.expect(200).value("/methods"), json!([]));
    timed.world.login(&ada).await;
    let app = App::new(&secret, &timed.clock);
    let codes = session.client.post(VERIFY, &json!({"code": app.code()})).await.expect(200);
    assert_eq!(codes.header("cache-control"), Some("no-store"));
    assert_eq!(codes.data::<Value>()["recovery_codes"].as_array().unwrap().len(), 10);

    other.client.get("/auth/me").await.expect(401);
    session.client.get("/auth/me").await.expect(200);
    let renewed = timed.world.renewed(&codes);
    let refreshed = timed.world.session(&timed.world.refresh(&renewed.refresh).await.expect(200));
    for session in [&renewed, &refreshed] {
        assert_eq!(claims(&session.access)["amr"], json!(["pwd", "otp", "mfa"]));
    }
    let view = session.client.get("/auth/mfa").await.expect(200);
    assert_eq!(view.value("/methods"), json!(["totp", "recovery_code"]));
    assert_eq!(view.value("/recovery_codes_left"), json!(10));
    assert_eq!((view.value("/required"), view.value("/enrolment_only")), (json!(false), json!(false)));
    assert!(view.value("/totp_enabled_at").is_string());

    let mut users = timed.world.stage.probe(Topic::Users).await;
    let id = session.user_id.clone();
    let enabled = users.await_event::<MfaEnabled>(|event| event.user_id.to_string() == id).await.0;
    assert_eq!(enabled.method, "totp");
    let ended =
        |event: &SessionRevoked| event.session_id.is_some_and(|session| session.to_string() == other.id);
    assert_eq!(users.await_event::<SessionRevoked>(ended).await.0.reason, "mfa_changed");
    timed.world.mailbox.await_mail(&ada.email, "second factor was added").await;
    timed.ticket(&ada).await;
}

/// while an app is in use nobody sets up another one over it; before that the newest one counts.
#[tokio::test]
async fn an_app_in_use_is_not_replaced() {
    let timed = Timed::start().await;
    let (ada, session) = timed.world.signed_in("ada").await;
    let first = session.client.post(SETUP, &json!({})).await.expect(200).text("/secret");
    let second = session.client.post(SETUP, &json!({})).await.expect(200).text("/secret");
    let (first, second) = (App::new(&first, &timed.clock), App::new(&second, &timed.clock));
    session.client.post(VERIFY, &json!({"code": first.code()})).await.expect(401);
    session.client.post(VERIFY, &json!({"code": second.code()})).await.expect(200);
    assert_eq!(session.client.post(SETUP, &json!({})).await.expect(409).error_code(), "CONFLICT");
    let next = json!({"code": second.next_code()});
    assert_eq!(session.client.post(VERIFY, &next).await.expect(409).error_code(), "CONFLICT");
    let ticket = timed.ticket(&ada).await;
    timed.verify(&ticket, &second.next_code()).await.expect(200);
}

/// only the session that set the app up puts it in use, and only for a quarter of an hour.
#[tokio::test]
async fn a_setup_belongs_to_its_session_and_ends() {
    let timed = Timed::start().await;
    let (ada, session) = timed.world.signed_in("ada").await;
    let other = timed.world.login(&ada).await;
    let (_, bob) = timed.world.signed_in("bob").await;
    let app =
        App::new(&session.client.post(SETUP, &json!({})).await.expect(200).text("/secret"), &timed.clock);
    for stranger in [&other, &bob] {
        stranger.client.post(VERIFY, &json!({"code": app.code()})).await.expect(409);
    }
    timed.clock.advance(Duration::from_secs(900));
    let session = timed.world.session(&timed.world.refresh(&session.refresh).await.expect(200));
    session.client.post(VERIFY, &json!({"code": app.code()})).await.expect(409);
}

/// a stolen token sets nothing up and gives nothing up: both ask for a proof that is not old.
#[tokio::test]
async fn setting_up_and_giving_up_ask_for_a_proof() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    timed.clock.advance(Duration::from_secs(601));
    let code = json!({"code": ada.app.code()});
    let answer = ada.session.client.post(DISABLE, &code).await.expect(403);
    assert_eq!(answer.error_code(), "REAUTHENTICATION_REQUIRED");
    let answer = ada.session.client.post("/auth/mfa/recovery-codes", &json!({})).await.expect(403);
    assert_eq!(answer.error_code(), "REAUTHENTICATION_REQUIRED");
    let (_, bob) = timed.world.signed_in("bob").await;
    timed.clock.advance(Duration::from_secs(601));
    let answer = bob.client.post(SETUP, &json!({})).await.expect(403);
    assert_eq!(answer.error_code(), "REAUTHENTICATION_REQUIRED");
    bob.client.post("/auth/reauthenticate", &json!({"password": PASSWORD})).await.expect(200);
    bob.client.post(SETUP, &json!({})).await.expect(200);
}

/// giving up takes a code, too; then signing in asks for none, and the recovery codes are gone.
#[tokio::test]
async fn an_app_is_given_up() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    let other = timed.sign_in(&ada).await;
    let client = &ada.session.client;
    for wrong in [json!({"code": ada.app.wrong_code()}), json!({"recovery_code": "0000-0000-0000-0000"})] {
        assert_eq!(client.post(DISABLE, &wrong).await.expect(401).error_code(), "INVALID_CREDENTIALS");
    }
    client.post(DISABLE, &json!({"code": ada.app.code()})).await.expect(401);
    client.post(DISABLE, &json!({"code": ada.app.next_code()})).await.expect(204);
    other.client.get("/auth/me").await.expect(401);
    for table in [
        "select count(*) from totp_secrets where user_id = $1::uuid",
        "select count(*) from recovery_codes where user_id = $1::uuid",
    ] {
        assert_eq!(timed.world.count(table, &ada.session.user_id).await, 0, "{table}");
    }
    let refreshed = timed.world.refresh(&ada.session.refresh).await.expect(200);
    assert_eq!(claims(&refreshed.text("/access_token"))["amr"], json!(["pwd"]));
    timed.world.login(&ada.person).await;
    timed.world.mailbox.await_mail(&ada.person.email, "second factor was removed").await;
    let mut users = timed.world.stage.probe(Topic::Users).await;
    let id = ada.session.user_id.clone();
    let event = users.await_event::<MfaDisabled>(|event| event.user_id.to_string() == id).await.0;
    assert_eq!((event.method.as_str(), event.reason.as_str()), ("totp", "by_user"));
    let (event, _) = users.await_event::<SessionDowngraded>(|event| event.user_id.to_string() == id).await;
    assert_eq!(
        (event.session_id.to_string(), event.reason.as_str()),
        (ada.session.id, "second_factor_removed")
    );
    client.post(DISABLE, &json!({"code": ada.app.next_code()})).await.expect(409);
}

/// a recovery code gives the app up as well.
#[tokio::test]
async fn a_lost_app_is_given_up_with_a_recovery_code() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    let body = json!({"recovery_code": ada.recovery_codes[4]});
    ada.session.client.post(DISABLE, &body).await.expect(204);
    timed.enrol(&timed.world.login(&ada.person).await).await;
}

/// of parallel first codes exactly one puts the app in use; its recovery codes are those that work.
#[tokio::test]
async fn of_parallel_first_codes_one_wins() {
    let timed = Timed::start().await;
    let (ada, session) = timed.world.signed_in("ada").await;
    let app =
        App::new(&session.client.post(SETUP, &json!({})).await.expect(200).text("/secret"), &timed.clock);
    let mut racing = JoinSet::new();
    for _ in 0..5 {
        let (client, body) = (session.client.clone(), json!({"code": app.code()}));
        racing.spawn(async move { client.post(VERIFY, &body).await });
    }
    let answers = racing.join_all().await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(won.len(), 1);
    assert!(answers.iter().filter(|answer| answer.status != 200).all(|answer| answer.status == 409));
    let ticket = timed.ticket(&ada).await;
    timed.recover(&ticket, &won[0].text("/recovery_codes/0")).await.expect(200);
}

/// guesses at a first code and at giving up count like those at sign-in.
#[tokio::test]
async fn guesses_of_a_session_are_limited() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    for _ in 0..10 {
        ada.session.client.post(DISABLE, &json!({"code": ada.app.wrong_code()})).await.expect(401);
    }
    let answer = ada.session.client.post(DISABLE, &json!({"code": ada.app.next_code()})).await.expect(429);
    assert_eq!(answer.error_code(), "ACCOUNT_LOCKED");
    let (_, bob) = timed.world.signed_in("bob").await;
    let app = App::new(&bob.client.post(SETUP, &json!({})).await.expect(200).text("/secret"), &timed.clock);
    for _ in 0..10 {
        bob.client.post(VERIFY, &json!({"code": app.wrong_code()})).await.expect(401);
    }
    bob.client.post(VERIFY, &json!({"code": app.code()})).await.expect(429);
}

/// an account with an app proves itself again with password and code; both are asked for.
#[tokio::test]
async fn proving_again_takes_both_factors() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    let path = "/auth/reauthenticate";
    let client = &ada.session.client;
    timed.clock.advance(Duration::from_secs(601));
    let answer = client.post(path, &json!({"password": PASSWORD})).await.expect(401);
    assert_eq!(answer.error_code(), "MFA_REQUIRED");
    refuses_values(client, path, json!({"code": ada.app.code()}), &["password"]).await;
    let wrong = json!({"password": PASSWORD, "code": ada.app.wrong_code()});
    assert_eq!(client.post(path, &wrong).await.expect(401).error_code(), "INVALID_CREDENTIALS");
    let wrong = json!({"password": "Wr0ng!password", "code": ada.app.code()});
    assert_eq!(client.post(path, &wrong).await.expect(401).error_code(), "INVALID_CREDENTIALS");
    client.post("/auth/mfa/recovery-codes", &json!({})).await.expect(403);
    let right = json!({"password": PASSWORD, "code": ada.app.code()});
    client.post(path, &right).await.expect(200);
    client.post("/auth/mfa/recovery-codes", &json!({})).await.expect(200);
    client.post(path, &right).await.expect(401);
}

/// what every endpoint refuses.
#[tokio::test]
async fn requests_that_are_none_are_refused() {
    let timed = Timed::start().await;
    let (_, session) = timed.world.signed_in("ada").await;
    for path in [VERIFY, DISABLE] {
        refuses_malformed(&session.client, Method::POST, path, "code").await;
        for code in ["", "１２３４５６", "1234567"] {
            refuses_values(&session.client, path, json!({"code": code}), &["code"]).await;
        }
        refuses_bad_tokens(&timed.world, Method::POST, path).await;
    }
    refuses_bad_tokens(&timed.world, Method::POST, SETUP).await;
    refuses_bad_tokens(&timed.world, Method::GET, "/auth/mfa").await;
    refuses_bad_tokens(&timed.world, Method::POST, "/auth/mfa/recovery-codes").await;
    session.client.post("/auth/mfa/recovery-codes", &json!({})).await.expect(409);
    session.client.post(VERIFY, &json!({"code": "123456"})).await.expect(409);
    session.client.post(DISABLE, &json!({"code": "123456"})).await.expect(409);
}
