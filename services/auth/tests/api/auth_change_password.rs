//! `POST /auth/change-password` and `POST /auth/set-password`.

use std::time::Duration;

use colink_events::Topic;
use colink_events::users::{AccountLocked, LoginFailed, PasswordChanged, SessionRevoked};
use reqwest::Method;
use serde_json::{Value, json};

use crate::browser::cookie;
use crate::harness::{
    PASSWORD, Person, World, clock, refuses_bad_tokens, refuses_malformed, refuses_values, settings,
};

const CHANGE: &str = "/auth/change-password";
const SET: &str = "/auth/set-password";
const NEW: &str = "N3w!graphyte";

fn change(current: &str, new: &str) -> Value {
    json!({ "current_password": current, "new_password": new })
}

async fn without_password(world: &World, person: &Person) {
    sqlx::query("update users set password_hash = null where username = $1")
        .bind(&person.username)
        .execute(world.database())
        .await
        .unwrap();
}

/// the password changes, other sessions end, this one goes on with new tokens.
#[tokio::test]
async fn a_change_ends_the_other_sessions() {
    let world = World::start().await;
    let (ada, other) = world.signed_in("ada").await;
    let mine = world.login(&ada).await;
    let mut users = world.stage.probe(Topic::Users).await;
    let answer = mine.client.post(CHANGE, &change(PASSWORD, NEW)).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let renewed = world.session(&answer);
    assert_eq!(renewed.id, mine.id);
    assert_ne!((&renewed.access, &renewed.refresh), (&mine.access, &mine.refresh));

    renewed.client.get("/auth/me").await.expect(200);
    other.client.get("/auth/me").await.expect(401);
    for dead in [&other.refresh, &mine.refresh] {
        world.refresh(dead).await.expect(401);
    }
    world.refresh(&renewed.refresh).await.expect(200);
    world.try_login(&ada.email, PASSWORD).await.expect(401);
    world.try_login(&ada.email, NEW).await.expect(200);

    users.await_event::<PasswordChanged>(|event| event.user_id.to_string() == mine.user_id).await;
    let ended =
        users.await_event::<SessionRevoked>(|event| event.user_id.to_string() == mine.user_id).await.0;
    assert_eq!(
        (ended.session_id.unwrap().to_string(), ended.reason.as_str()),
        (other.id, "password_changed")
    );
    world.mailbox.await_mail(&ada.email, "Your password was changed").await;
}

/// guessing the old password counts as guessing at a sign-in, there and here, also for a thief of a token.
#[tokio::test]
async fn guesses_lock() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let mut users = world.stage.probe(Topic::Users).await;
    for _ in 0..3 {
        let answer = session.client.post(CHANGE, &change("Wr0ng!password", NEW)).await.expect(401);
        assert_eq!(answer.error_code(), "INVALID_CREDENTIALS");
    }
    for _ in 0..2 {
        let wrong = json!({"password": "Wr0ng!password"});
        session.client.post("/auth/reauthenticate", &wrong).await.expect(401);
    }
    let answer = session.client.post(CHANGE, &change(PASSWORD, NEW)).await.expect(429);
    assert_eq!(answer.error_code(), "ACCOUNT_LOCKED");
    assert!(answer.header("retry-after").is_some());
    world.try_login(&ada.email, PASSWORD).await.expect(429);
    let is_hers =
        |id: Option<colink_core::id::UserId>| id.is_some_and(|id| id.to_string() == session.user_id);
    users.await_event::<LoginFailed>(|event| is_hers(event.user_id)).await;
    users.await_event::<AccountLocked>(|event| is_hers(event.user_id)).await;
}

/// the rules of a registration, and another password than now, however it is typed.
#[tokio::test]
async fn bad_values_are_listed() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let client = &session.client;
    refuses_bad_tokens(&world, Method::POST, CHANGE).await;
    refuses_malformed(client, Method::POST, CHANGE, "new_password").await;
    refuses_values(client, CHANGE, json!({}), &["current_password", "new_password"]).await;
    let long = "x".repeat(129);
    refuses_values(client, CHANGE, change(&long, NEW), &["current_password"]).await;
    let own = format!("A1!{}", ada.username);
    for new in ["Sh0rt!a", "P@ssw0rd", "CoLink!1graphyte", &long, PASSWORD, "Gr4phite!\u{ff50}encil", &own] {
        refuses_values(client, CHANGE, change(PASSWORD, new), &["new_password"]).await;
    }
    client.post(CHANGE, &change(PASSWORD, "Sh0rt!az")).await.expect(200);
}

/// a session that ended cannot change anything, also when it ends at that moment.
#[tokio::test]
async fn an_ended_session_changes_nothing() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    sqlx::query("update sessions set revoked_at = now() where id = $1::uuid")
        .bind(&session.id)
        .execute(world.database())
        .await
        .unwrap();
    session.client.post(CHANGE, &change(PASSWORD, NEW)).await.expect(401);
    world.try_login(&ada.email, PASSWORD).await.expect(200);
}

/// an account without a password has none to change; it sets one after a fresh proof.
#[tokio::test]
async fn a_first_password_is_set() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    assert_eq!(
        session.client.post(SET, &json!({"new_password": NEW})).await.expect(409).error_code(),
        "CONFLICT"
    );
    without_password(&world, &ada).await;
    let refused = session.client.post(CHANGE, &change(PASSWORD, NEW)).await.expect(409);
    assert_eq!(refused.error_code(), "CONFLICT");

    let answer = session.client.post(SET, &json!({"new_password": NEW})).await.expect(200);
    assert_eq!(world.session(&answer).id, session.id);
    world.refresh(&session.refresh).await.expect(401);
    world.try_login(&ada.email, NEW).await.expect(200);
    world.mailbox.await_mail(&ada.email, "Your password was changed").await;
}

/// of two first passwords at once one is set.
#[tokio::test]
async fn one_first_password_wins() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    without_password(&world, &ada).await;
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..4 {
        let (client, body) =
            (session.client.clone(), json!({"new_password": format!("N3w!graphyte{number}")}));
        waiting.spawn(async move { client.post(SET, &body).await });
    }
    let mut statuses: Vec<u16> =
        waiting.join_all().await.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
}

/// setting a first password asks for a proof that is not old.
#[tokio::test]
async fn a_first_password_asks_for_a_fresh_proof() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (ada, session) = world.signed_in("ada").await;
    without_password(&world, &ada).await;
    clock.advance(Duration::from_secs(601));
    let answer = session.client.post(SET, &json!({"new_password": NEW})).await.expect(403);
    assert_eq!(answer.error_code(), "REAUTHENTICATION_REQUIRED");
    refuses_bad_tokens(&world, Method::POST, SET).await;
}

/// a browser that keeps its refresh token in a cookie gets the new one there.
#[tokio::test]
async fn a_browser_gets_its_new_cookie() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let mut browser = world.browse(&ada).await;
    let answer = browser.page.post(CHANGE, &change(PASSWORD, NEW)).await.expect(200);
    assert_eq!((answer.value("/refresh_token"), answer.value("/csrf_token")), (Value::Null, Value::Null));
    world.refresh_browser(&browser).await.expect(401);
    browser.cookie = cookie(&answer).unwrap();
    world.refresh_browser(&browser).await.expect(200);
}
