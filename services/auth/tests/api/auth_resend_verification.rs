//! `POST /auth/resend-verification`.

use colink_test::{SOON, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{World, refuses_malformed, refuses_values, settings};

const PATH: &str = "/auth/resend-verification";

/// a new mail with a new token; the old token is dead.
#[tokio::test]
async fn the_newest_mail_counts() {
    let world = World::start().await;
    let ada = world.stranger("ada");
    world.register(&ada).await.expect(201);
    let first = world.verification_mail(&ada).await.token();
    let answer =
        world.anonymous().post(PATH, &json!({ "email": ada.email.to_uppercase() })).await.expect(200);
    let second = eventually("a second mail", SOON, async || {
        let mails = world.mailbox.list(&ada.email).await;
        mails.iter().map(colink_test::Mail::token).find(|token| *token != first)
    })
    .await;
    world.verify(&first).await.expect(400);
    world.verify(&second).await.expect(200);

    let unknown = world.anonymous().post(PATH, &json!({"email": "nobody@example.test"})).await.expect(200);
    let known = world.anonymous().post(PATH, &json!({ "email": ada.email })).await.expect(200);
    assert_eq!(answer.data::<Value>(), unknown.data::<Value>());
    assert_eq!(answer.data::<Value>(), known.data::<Value>());
    assert_eq!(
        world.count("select count(*) from jobs where kind = $1", "send_mail").await,
        2,
        "nobody else gets a mail"
    );
}

/// the three latest registrations with an address get a new mail each.
#[tokio::test]
async fn the_latest_registrations_are_sent_again() {
    let world = World::start().await;
    let ada = world.stranger("ada");
    let mut names = Vec::new();
    for name in ["one", "two", "three", "four"] {
        let mut person = world.stranger(name);
        person.email.clone_from(&ada.email);
        world.register(&person).await.expect(201);
        world.mailbox.await_mail(&ada.email, &person.username).await;
        names.push(person.username);
    }
    world.anonymous().post(PATH, &json!({ "email": ada.email })).await.expect(200);
    let mails = eventually("three more mails", SOON, async || {
        let mails = world.mailbox.list(&ada.email).await;
        (mails.len() >= 7).then_some(mails)
    })
    .await;
    let sent = |name: &String| mails.iter().filter(|mail| mail.text.contains(name)).count();
    assert_eq!(names.iter().map(sent).collect::<Vec<_>>(), [1, 2, 2, 2]);
    assert_eq!(mails.len(), 7);
}

/// an address is not mailed without end, known or not.
#[tokio::test]
async fn mails_to_an_address_are_limited() {
    let world = World::with(settings().set("limits.mail_per_address_per_hour", 2)).await;
    for email in ["one@example.test", "ONE@example.test"] {
        world.anonymous().post(PATH, &json!({ "email": email })).await.expect(200);
    }
    let answer = world.anonymous().post(PATH, &json!({"email": "one@example.test"})).await.expect(429);
    assert_eq!(answer.error_code(), "RATE_LIMITED");
    world.anonymous().post(PATH, &json!({"email": "two@example.test"})).await.expect(200);
}

///
#[tokio::test]
async fn bad_values_are_refused() {
    let world = World::start().await;
    refuses_malformed(&world.anonymous(), Method::POST, PATH, "email").await;
    refuses_values(&world.anonymous(), PATH, json!({}), &["email"]).await;
    refuses_values(&world.anonymous(), PATH, json!({"email": "no address"}), &["email"]).await;
}
