//! Signing in with a second factor.

use std::time::Duration;

use colink_events::Topic;
use colink_events::users::{AccountLocked, LoginFailed, SessionStarted};
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{PASSWORD, refuses_malformed, refuses_values, settings};
use crate::mfa_harness::{Timed, claims};

/// after the password a code is asked for; only with it there is a session, and it says so.
#[tokio::test]
async fn signing_in_takes_a_code() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    let sessions = "select count(*) from sessions where user_id = $1::uuid";
    let before = timed.world.count(sessions, &ada.session.user_id).await;
    let body = json!({"email": ada.person.email, "password": PASSWORD, "device_name": "Laptop"});
    let answer = timed.world.anonymous().post("/auth/login", &body).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.value("/mfa_required"), json!(true));
    assert_eq!(answer.value("/methods"), json!(["totp", "recovery_code"]));
    assert_eq!(answer.value("/expires_in"), json!(300));
    for absent in ["access_token", "refresh_token", "session_id", "user"] {
        assert!(answer.json()["data"].get(absent).is_none(), "{absent}");
    }
    assert_eq!(timed.world.count(sessions, &ada.session.user_id).await, before, "there is no session yet");

    let ticket = answer.text("/mfa_ticket");
    let verified = timed.verify(&ticket, &ada.app.next_code()).await.expect(200);
    assert_eq!(verified.header("cache-control"), Some("no-store"));
    let session = timed.world.session(&verified);
    session.client.get("/auth/me").await.expect(200);
    assert_eq!(claims(&session.access)["amr"], json!(["pwd", "otp", "mfa"]));
    assert!(claims(&session.access).get("mfa_enrolment").is_none());
    let listed = session.client.get("/auth/sessions").await.expect(200);
    assert_eq!(listed.value("/items/0/device_name"), json!("Laptop"));

    let mut users = timed.world.stage.probe(Topic::Users).await;
    let started =
        users.await_event::<SessionStarted>(|event| event.session_id.to_string() == session.id).await.0;
    assert_eq!((started.method.as_str(), started.second_factor.as_deref()), ("password", Some("totp")));
    let refreshed = timed.world.refresh(&session.refresh).await.expect(200);
    assert_eq!(claims(&refreshed.text("/access_token"))["amr"], json!(["pwd", "otp", "mfa"]));
}

/// the ticket is stored as a hash, works once and for five minutes, and is nothing else than a ticket.
#[tokio::test]
async fn a_ticket_works_once_and_for_five_minutes() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    let used = timed.ticket(&ada.person).await;
    let stored = "select count(*) from mfa_tickets where encode(ticket_hash, 'escape') like '%' || $1 || '%'";
    assert_eq!(timed.world.count(stored, &used).await, 0);
    timed.verify(&used, &ada.app.next_code()).await.expect(200);
    let again = timed.verify(&used, &ada.app.next_code()).await.expect(401);
    assert_eq!(again.error_code(), "TOKEN_INVALID");

    let late = timed.ticket(&ada.person).await;
    timed.clock.advance(Duration::from_secs(299));
    timed.verify(&late, &ada.app.wrong_code()).await.expect(401);
    timed.clock.advance(Duration::from_secs(1));
    let answer = timed.verify(&late, &ada.app.code()).await.expect(401);
    assert_eq!(answer.error_code(), "TOKEN_INVALID");

    let fresh = timed.ticket(&ada.person).await;
    timed.world.refresh(&fresh).await.expect(401);
    timed.world.anonymous().bearer(&fresh).get("/auth/me").await.expect(401);
    timed.world.verify(&fresh).await.expect(400);
    for other in [ada.session.refresh.as_str(), ada.session.access.as_str(), "nonsense"] {
        let answer = timed.verify(other, &ada.app.next_code()).await.expect(401);
        assert_eq!(answer.error_code(), "TOKEN_INVALID");
    }
}

/// another program does not use the ticket that one got.
#[tokio::test]
async fn a_ticket_stays_with_its_program() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    let ticket = timed.ticket(&ada.person).await;
    let other = timed.world.anonymous().with_header("user-agent", "Other/1");
    let body = json!({"mfa_ticket": ticket, "code": ada.app.next_code()});
    assert_eq!(other.post("/auth/mfa/verify", &body).await.expect(401).error_code(), "TOKEN_INVALID");
    let elsewhere = timed.world.anonymous().with_header("x-forwarded-for", "203.0.113.77");
    elsewhere.post("/auth/mfa/verify", &body).await.expect(200);
}

/// a code is taken once, also at another sign-in, and so is none before it.
#[tokio::test]
async fn a_code_is_taken_once() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    let enrolling = ada.app.code();
    let ticket = timed.ticket(&ada.person).await;
    assert_eq!(timed.verify(&ticket, &enrolling).await.expect(401).error_code(), "INVALID_CREDENTIALS");

    let code = ada.app.next_code();
    timed.verify(&ticket, &code).await.expect(200);
    let second = timed.ticket(&ada.person).await;
    timed.verify(&second, &code).await.expect(401);
    // The next step's code is taken early; then this step's is not, though it was never shown.
    timed.clock.advance(Duration::from_secs(60));
    let (now, early) = (ada.app.code(), ada.app.code_in(1));
    timed.verify(&second, &early).await.expect(200);
    let third = timed.ticket(&ada.person).await;
    timed.verify(&third, &now).await.expect(401);
}

/// one step early and late, and no more.
#[tokio::test]
async fn the_window_is_one_step_wide() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    for (steps, status) in [(-2, 401), (2, 401), (-1, 200), (1, 200)] {
        timed.clock.advance(Duration::from_secs(150));
        let ticket = timed.ticket(&ada.person).await;
        timed.verify(&ticket, &ada.app.code_in(steps)).await.expect(status);
    }
}

/// a code proves nobody but its owner.
#[tokio::test]
async fn the_code_of_somebody_else_is_wrong() {
    let timed = Timed::start().await;
    let (ada, bob) = (timed.enrolled("ada").await, timed.enrolled("bob").await);
    timed.clock.advance(Duration::from_secs(60));
    let ticket = timed.ticket(&ada.person).await;
    timed.verify(&ticket, &bob.app.code()).await.expect(401);
    timed.recover(&ticket, &bob.recovery_codes[0]).await.expect(401);
    timed.verify(&ticket, &ada.app.code()).await.expect(200);
    let ticket = timed.ticket(&bob.person).await;
    timed.verify(&ticket, &bob.app.code()).await.expect(200);
}

/// of parallel uses of one code, with one ticket or with many, exactly one signs in.
#[tokio::test]
async fn of_parallel_uses_one_wins() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    for shared in [true, false] {
        let code = ada.app.next_code();
        let first = timed.ticket(&ada.person).await;
        let mut racing = JoinSet::new();
        for _ in 0..4 {
            let ticket = if shared { first.clone() } else { timed.ticket(&ada.person).await };
            let (client, body) = (timed.world.anonymous(), json!({"mfa_ticket": ticket, "code": code}));
            racing.spawn(async move { client.post("/auth/mfa/verify", &body).await.status.as_u16() });
        }
        let mut statuses = racing.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401, 401, 401], "shared: {shared}");
    }
}

/// the fifth wrong code kills the ticket; the tenth in a row closes codes for everybody who has the password,
/// later for longer. A right one begins the count anew.
#[tokio::test]
async fn guessing_is_limited() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    let mut users = timed.world.stage.probe(Topic::Users).await;
    let of_ada =
        |id: Option<colink_core::id::UserId>| id.is_some_and(|id| id.to_string() == ada.session.user_id);
    timed.clock.advance(Duration::from_secs(30));
    let ticket = timed.ticket(&ada.person).await;
    for _ in 0..5 {
        let answer = timed.verify(&ticket, &ada.app.wrong_code()).await.expect(401);
        assert_eq!(answer.error_code(), "INVALID_CREDENTIALS");
    }
    let dead = timed.verify(&ticket, &ada.app.code()).await.expect(401);
    assert_eq!(dead.error_code(), "TOKEN_INVALID");
    users.await_event::<LoginFailed>(|event| of_ada(event.user_id) && event.reason == "totp").await;

    let ticket = timed.ticket(&ada.person).await;
    for _ in 0..5 {
        timed.verify(&ticket, &ada.app.wrong_code()).await.expect(401);
    }
    let locked = users.await_event::<AccountLocked>(|event| of_ada(event.user_id)).await.0;
    assert_eq!(locked.until.as_millis() - locked.at.as_millis(), 900_000);
    let ticket = timed.ticket(&ada.person).await;
    let answer = timed.verify(&ticket, &ada.app.code()).await.expect(429);
    assert_eq!(answer.error_code(), "ACCOUNT_LOCKED");
    assert_eq!(answer.header("retry-after"), Some("900"));

    timed.clock.advance(Duration::from_secs(900));
    let ticket = timed.ticket(&ada.person).await;
    timed.verify(&ticket, &ada.app.code()).await.expect(200);
    let failures = "select count(*) from mfa_failures where user_id = $1::uuid";
    assert_eq!(timed.world.count(failures, &ada.session.user_id).await, 0);
}

/// codes that are guessed all at once are no more than those guessed one by one.
#[tokio::test]
async fn simultaneous_guesses_are_limited_too() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    timed.clock.advance(Duration::from_secs(30));
    let ticket = timed.ticket(&ada.person).await;
    let mut racing = JoinSet::new();
    for _ in 0..20 {
        let body = json!({"mfa_ticket": ticket, "code": ada.app.wrong_code()});
        let client = timed.world.anonymous();
        racing.spawn(async move { client.post("/auth/mfa/verify", &body).await.error_code() });
    }
    let answers = racing.join_all().await;
    assert_eq!(answers.iter().filter(|code| *code == "INVALID_CREDENTIALS").count(), 5);
    assert_eq!(answers.iter().filter(|code| *code == "TOKEN_INVALID").count(), 15);
}

/// whoever is suspended between the two factors does not get in, and his ticket is not spent.
#[tokio::test]
async fn a_suspended_user_does_not_finish() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    let ticket = timed.ticket(&ada.person).await;
    let (close, open) = (
        "update users set suspended_at = now() where username = $1",
        "update users set suspended_at = null where username = $1",
    );
    for (change, status) in [(close, 403), (open, 200)] {
        let change = sqlx::query(change).bind(&ada.person.username);
        change.execute(timed.world.database()).await.unwrap();
        timed.verify(&ticket, &ada.app.next_code()).await.expect(status);
    }
}

/// a sign-in whose password was right ends with that password.
#[tokio::test]
async fn a_ticket_ends_with_the_password() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    let ticket = timed.ticket(&ada.person).await;
    let change = json!({"current_password": PASSWORD, "new_password": "An0ther!pencil"});
    ada.session.client.post("/auth/change-password", &change).await.expect(200);
    let answer = timed.verify(&ticket, &ada.app.next_code()).await.expect(401);
    assert_eq!(answer.error_code(), "TOKEN_INVALID");
}

/// what is no ticket and no code is refused; digits of other scripts are no digits.
#[tokio::test]
async fn malformed_codes_are_refused() {
    let timed = Timed::with(settings().set("limits.login_per_ip_per_minute", 0)).await;
    let ada = timed.enrolled("ada").await;
    let client = timed.world.anonymous();
    refuses_malformed(&client, Method::POST, "/auth/mfa/verify", "code").await;
    let path = "/auth/mfa/verify";
    let ticket = timed.ticket(&ada.person).await;
    let big = "1".repeat(10_000);
    for code in ["", "12345", "1234567", "１２３４５６", "١٢٣٤٥٦", "12345x", "-12345", "1e5   ", &big]
    {
        refuses_values(&client, path, json!({"mfa_ticket": ticket, "code": code}), &["code"]).await;
    }
    for code in ["", "0000-0000-0000-000", "0000-0000-0000-000u", "００００-0000-0000-0000", &big] {
        let body = json!({"mfa_ticket": ticket, "recovery_code": code});
        refuses_values(&client, path, body, &["recovery_code"]).await;
    }
    refuses_values(&client, path, json!({}), &["mfa_ticket", "code"]).await;
    let both = json!({"mfa_ticket": ticket, "code": "123456", "recovery_code": ada.recovery_codes[0]});
    refuses_values(&client, path, both, &["recovery_code"]).await;
    // None of these was an attempt.
    timed.verify(&ticket, &ada.app.next_code()).await.expect(200);
}
