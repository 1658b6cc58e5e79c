//! `POST /auth/forgot-password` and `POST /auth/reset-password`.

use std::time::Duration;

use colink_events::Topic;
use colink_events::users::{PasswordChanged, SessionRevoked, UserVerified};
use colink_test::{Answer, Mail, SOON, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Person, World, clock, refuses_malformed, refuses_values, settings};

const FORGOT: &str = "/auth/forgot-password";
const RESET: &str = "/auth/reset-password";
const NEW: &str = "N3w!graphyte";

async fn forgot(world: &World, email: &str) -> Answer {
    world.anonymous().post(FORGOT, &json!({ "email": email })).await
}

async fn reset(world: &World, token: &str, password: &str) -> Answer {
    world.anonymous().post(RESET, &json!({ "token": token, "new_password": password })).await
}

async fn reset_mail(world: &World, person: &Person) -> Mail {
    world.mailbox.await_mail(&person.email, "Set a new password").await
}

/// Asks, and reads the link.
async fn link(world: &World, person: &Person) -> String {
    forgot(world, &person.email).await.expect(200);
    reset_mail(world, person).await.token()
}

/// Once every request so far is answered: nothing waits any more.
async fn answered(world: &World) {
    eventually("no request waits", SOON, async || {
        let waiting = "select count(*) from jobs
                        where kind in ('answer_mail_request', $1) and state in ('waiting', 'running')";
        (world.count(waiting, "send_mail").await == 0).then_some(())
    })
    .await;
}

/// the link sets a password, ends every session, and the owner is told.
#[tokio::test]
async fn a_link_sets_a_new_password() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let mut users = world.stage.probe(Topic::Users).await;
    let answer = forgot(&world, &ada.email.to_uppercase()).await.expect(200);
    assert_eq!(answer.data::<Value>(), json!({"status": "reset_sent"}));
    let mail = reset_mail(&world, &ada).await;
    assert_eq!(mail.link(), format!("https://chat.example.test/reset-password#token={}", mail.token()));
    assert!(mail.html.contains(&mail.token()) && mail.text.contains(&ada.username));

    let answer = reset(&world, &mail.token(), NEW).await.expect(200);
    assert_eq!(answer.data::<Value>(), json!({"status": "password_reset"}));
    world.try_login(&ada.email, &ada.password).await.expect(401);
    world.try_login(&ada.email, NEW).await.expect(200);
    session.client.get("/auth/me").await.expect(401);
    world.refresh(&session.refresh).await.expect(401);

    let of_ada = |id: String| id == session.user_id;
    let envelope = users.await_event::<PasswordChanged>(|event| of_ada(event.user_id.to_string())).await.1;
    assert!(!String::from_utf8(envelope.to_bytes().unwrap().to_vec()).unwrap().contains('@'));
    let ended = users.await_event::<SessionRevoked>(|event| of_ada(event.user_id.to_string())).await.0;
    assert_eq!(ended.session_id.unwrap().to_string(), session.id);
    assert_eq!(ended.reason, "password_changed");
    let notice = world.mailbox.await_mail(&ada.email, "Your password was changed").await;
    assert!(!notice.text.contains("token="));
}

/// of many uses of one link at once, one wins; later ones lose.
#[tokio::test]
async fn a_link_works_once() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let token = link(&world, &ada).await;
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..4 {
        let body = json!({ "token": token, "new_password": format!("N3w!graphyte{number}") });
        let client = world.anonymous();
        waiting.spawn(async move { (number, client.post(RESET, &body).await) });
    }
    let answers = waiting.join_all().await;
    let won: Vec<_> = answers.iter().filter(|(_, answer)| answer.status.is_success()).collect();
    assert_eq!(won.len(), 1);
    for (number, answer) in &answers {
        let login = world.try_login(&ada.email, &format!("N3w!graphyte{number}")).await;
        if answer.status.is_success() {
            login.expect(200);
        } else {
            assert_eq!(answer.clone().expect(400).error_fields(), ["token"]);
            login.expect(401);
        }
    }
    reset(&world, &token, NEW).await.expect(400);
}

/// a later mail takes the place of an earlier one; a change of the password takes away both.
#[tokio::test]
async fn the_newest_link_works_until_the_password_changes() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let first = link(&world, &ada).await;
    forgot(&world, &ada.email).await.expect(200);
    let second = eventually("a second mail", SOON, async || {
        let mails = world.mailbox.list(&ada.email).await;
        mails
            .iter()
            .filter(|mail| mail.subject.contains("Set a new"))
            .map(Mail::token)
            .find(|token| *token != first)
    })
    .await;
    reset(&world, &first, NEW).await.expect(400);

    let body = json!({"current_password": ada.password, "new_password": NEW});
    session.client.post("/auth/change-password", &body).await.expect(200);
    reset(&world, &second, "An0ther!graphyte").await.expect(400);
    world.try_login(&ada.email, NEW).await.expect(200);
}

/// a link lives for an hour.
#[tokio::test]
async fn an_old_link_is_dead() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (early, late) = (world.member("early").await, world.member("late").await);
    let (first, second) = (link(&world, &early).await, link(&world, &late).await);
    clock.advance(Duration::from_secs(3599));
    reset(&world, &first, NEW).await.expect(200);
    clock.advance(Duration::from_secs(1));
    assert_eq!(reset(&world, &second, NEW).await.expect(400).error_fields(), ["token"]);
    world.login(&late).await;
}

/// the token is nowhere in clear, and an address stays written down no longer than it is needed.
#[tokio::test]
async fn only_the_hash_of_a_link_is_stored() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let token = link(&world, &ada).await;
    let stored: Vec<u8> = sqlx::query_scalar("select token_hash from password_resets")
        .fetch_one(world.database())
        .await
        .unwrap();
    assert_eq!(stored.len(), 32);
    assert_ne!(stored, token.as_bytes());
    answered(&world).await;
}

/// the same answer for every address; who is closed or unknown gets no mail.
#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let world = World::start().await;
    let [ada, suspended, gone] =
        [world.member("ada").await, world.member("sus").await, world.member("gone").await];
    let pending = world.stranger("pending");
    world.register(&pending).await.expect(201);
    world.verification_mail(&pending).await;
    for (column, person) in [("suspended_at", &suspended), ("deactivated_at", &gone)] {
        let query = format!("update users set {column} = now() where username = $1");
        sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(&person.username)
            .execute(world.database())
            .await
            .unwrap();
    }
    let mut answers = Vec::new();
    let unknown = world.stranger("nobody");
    for person in [&ada, &suspended, &gone, &pending, &unknown] {
        answers.push(forgot(&world, &person.email).await.expect(200).data::<Value>());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    answered(&world).await;
    for (person, mails) in [(&ada, 1), (&suspended, 0), (&gone, 0), (&pending, 1), (&unknown, 0)] {
        let inbox = world.mailbox.list(&person.email).await;
        let resets = inbox.iter().filter(|mail| mail.subject.contains("Set a new password")).count();
        assert_eq!(resets, mails, "{}", person.username);
    }
}

/// who was closed after the mail was sent stays out.
#[tokio::test]
async fn a_link_does_not_open_a_suspended_account() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let token = link(&world, &ada).await;
    sqlx::query("update users set suspended_at = now() where username = $1")
        .bind(&ada.username)
        .execute(world.database())
        .await
        .unwrap();
    reset(&world, &token, NEW).await.expect(403);
    let changed = "select count(*) from jobs where payload->>'template' = $1";
    assert_eq!(world.count(changed, "password_changed").await, 0);
}

/// a reset lifts the lock, for every client.
#[tokio::test]
async fn a_reset_ends_a_lock() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let elsewhere = world.anonymous().with_header("x-forwarded-for", "203.0.113.8");
    let token = link(&world, &ada).await;
    let guess = json!({"email": ada.email, "password": "Wr0ng!password"});
    for client in [world.anonymous(), elsewhere.clone()] {
        for _ in 0..5 {
            client.post("/auth/login", &guess).await.expect(401);
        }
        client.post("/auth/login", &guess).await.expect(429);
    }
    reset(&world, &token, NEW).await.expect(200);
    let right = json!({"email": ada.email, "password": NEW});
    for client in [world.anonymous(), elsewhere] {
        client.post("/auth/login", &right).await.expect(200);
    }
}

/// a link sent to an address that is not proven proves it; whoever registered with it gains nothing.
#[tokio::test]
async fn a_reset_proves_the_address() {
    let world = World::start().await;
    let mut users = world.stage.probe(Topic::Users).await;
    let ada = world.stranger("ada");
    world.register(&ada).await.expect(201);
    let dead = world.verification_mail(&ada).await.token();
    let token = link(&world, &ada).await;
    reset(&world, &token, NEW).await.expect(200);
    world.try_login(&ada.email, &ada.password).await.expect(401);
    let session = world.session(&world.try_login(&ada.email, NEW).await.expect(200));
    users.await_event::<UserVerified>(|event| event.user_id.to_string() == session.user_id).await;
    world.verify(&dead).await.expect(400);
    assert_eq!(world.count("select count(*) from registrations where $1 <> ''", "x").await, 0);
}

/// an account without a password gets one by mail.
#[tokio::test]
async fn a_reset_gives_a_first_password() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    sqlx::query("update users set password_hash = null where username = $1")
        .bind(&ada.username)
        .execute(world.database())
        .await
        .unwrap();
    world.try_login(&ada.email, &ada.password).await.expect(401);
    let token = link(&world, &ada).await;
    reset(&world, &token, NEW).await.expect(200);
    world.try_login(&ada.email, NEW).await.expect(200);
}

/// mails to an address are limited, known or not, and uses of links by a client.
#[tokio::test]
async fn resets_are_limited() {
    let limits =
        settings().set("limits.reset_per_address_per_hour", 2).set("limits.verify_per_ip_per_minute", 3);
    let world = World::with(limits).await;
    for email in ["one@example.test", "ONE@example.test"] {
        forgot(&world, email).await.expect(200);
    }
    assert_eq!(forgot(&world, "one@example.test").await.expect(429).error_code(), "RATE_LIMITED");
    forgot(&world, "two@example.test").await.expect(200);
    for _ in 0..3 {
        reset(&world, &"A".repeat(43), NEW).await.expect(400);
    }
    reset(&world, &"A".repeat(43), NEW).await.expect(429);
}

/// the rules of a registration; a refused password does not use the link up.
#[tokio::test]
async fn a_refused_password_does_not_use_the_link_up() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let token = link(&world, &ada).await;
    let client = world.anonymous();
    for password in ["Sh0rt!a", "nodigits!A", "P@ssw0rd", &format!("A1!{}", ada.username), "CoLink!1graphyte"]
    {
        let body = json!({ "token": token, "new_password": password });
        refuses_values(&client, RESET, body, &["new_password"]).await;
    }
    reset(&world, &token, NEW).await.expect(200);
}

///
#[tokio::test]
async fn bad_values_are_refused() {
    let world = World::start().await;
    let client = world.anonymous();
    refuses_malformed(&client, Method::POST, FORGOT, "email").await;
    refuses_values(&client, FORGOT, json!({}), &["email"]).await;
    refuses_values(&client, FORGOT, json!({"email": "no address"}), &["email"]).await;
    refuses_malformed(&client, Method::POST, RESET, "token").await;
    refuses_values(&client, RESET, json!({}), &["token", "new_password"]).await;
    for token in ["short".to_owned(), "A".repeat(43), "ü".repeat(43), "A".repeat(100_000)] {
        refuses_values(&client, RESET, json!({"token": token, "new_password": NEW}), &["token"]).await;
    }
}
