//! `POST /auth/verify-email`: a link is taken from whoever registered, not from whoever is led to open it.

use colink_test::{Answer, Client, unique};
use serde_json::{Value, json};

use crate::harness::{Person, World, refuses_values, settings};

const PATH: &str = "/auth/verify-email";

/// A service that believes the network.
async fn believing() -> World {
    World::with(settings().set("registration.trust_same_network", true)).await
}

/// A client somewhere else.
fn elsewhere(world: &World, ip: &str) -> Client {
    world.anonymous().with_header("x-forwarded-for", ip)
}

/// Registers from there; the secret of the answer.
async fn register_from(client: &Client, person: &Person) -> String {
    client.post("/auth/register", &person.registration()).await.expect(201).text("/registration_secret")
}

async fn token_of(world: &World, person: &Person) -> String {
    world.mailbox.await_mail(&person.email, &person.username).await.token()
}

async fn verify(client: &Client, body: &Value) -> Answer {
    client.post(PATH, body).await
}

/// Somebody who registers with the address of `owner`.
fn rival(world: &World, owner: &Person) -> Person {
    let mut mallory = world.stranger("mallory");
    mallory.email.clone_from(&owner.email);
    mallory.password = "Att4cker's choice".to_owned();
    mallory
}

/// a victim who opens the link of an attacker's registration does not open the account to him, and can still make it
/// his own.
#[tokio::test]
async fn a_link_opened_by_a_victim_gives_the_attacker_nothing() {
    let world = believing().await;
    let ada = world.stranger("ada");
    let mallory = rival(&world, &ada);
    register_from(&elsewhere(&world, "203.0.113.66"), &mallory).await;
    let token = token_of(&world, &mallory).await;

    let refused = verify(&world.anonymous(), &json!({ "token": token })).await.expect(400);
    assert_eq!(
        (refused.error_code().as_str(), refused.error_fields()),
        ("VALIDATION_ERROR", vec!["password".to_owned()])
    );
    let guess = json!({"token": token, "password": ada.password});
    assert_eq!(verify(&world.anonymous(), &guess).await.expect(401).error_code(), "INVALID_CREDENTIALS");
    world.try_login(&mallory.email, &mallory.password).await.expect(401);
    assert_eq!(
        world.count("select count(*) from users where email_verified_at is not null and $1 <> ''", "x").await,
        0
    );

    world.anonymous().post("/auth/forgot-password", &json!({"email": ada.email})).await.expect(200);
    let reset = world.mailbox.await_mail(&ada.email, "Set a new password").await.token();
    let body = json!({"token": reset, "new_password": ada.password});
    world.anonymous().post("/auth/reset-password", &body).await.expect(200);
    world.login(&ada).await;
    world.try_login(&mallory.email, &mallory.password).await.expect(401);
    verify(&elsewhere(&world, "203.0.113.66"), &json!({"token": token, "password": mallory.password}))
        .await
        .expect(400);
}

/// the same when the owner has registered himself, from the attacker's own network too: with several registrations
/// no link is believed by itself.
#[tokio::test]
async fn of_several_registrations_none_is_believed_by_its_link_alone() {
    let world = believing().await;
    let ada = world.stranger("ada");
    let mallory = rival(&world, &ada);
    let attackers = register_from(&world.anonymous(), &mallory).await;
    register_from(&world.anonymous(), &ada).await;
    let (bad, good) = (token_of(&world, &mallory).await, token_of(&world, &ada).await);
    for token in [&bad, &good] {
        refuses_values(&world.anonymous(), PATH, json!({ "token": token }), &["password"]).await;
    }
    let mixed = json!({"token": good, "registration_secret": attackers});
    refuses_values(&world.anonymous(), PATH, mixed, &["password"]).await;
    let mixed = json!({"token": good, "password": mallory.password});
    verify(&world.anonymous(), &mixed).await.expect(401);

    verify(&world.anonymous(), &json!({"token": good, "password": ada.password})).await.expect(200);
    world.login(&ada).await;
    world.try_login(&mallory.email, &mallory.password).await.expect(401);
    verify(&world.anonymous(), &json!({"token": bad, "registration_secret": attackers})).await.expect(400);
}

/// whoever registered proves it on any device, by his password or by the secret of the answer.
#[tokio::test]
async fn the_maker_of_a_registration_proves_it_anywhere() {
    let world = believing().await;
    let phone = elsewhere(&world, "198.51.100.7");
    let (ada, bob) = (world.stranger("ada"), world.stranger("bob"));
    let secret = register_from(&world.anonymous(), &ada).await;
    register_from(&world.anonymous(), &bob).await;
    let (hers, his) = (token_of(&world, &ada).await, token_of(&world, &bob).await);

    refuses_values(&phone, PATH, json!({ "token": hers }), &["password"]).await;
    let wrong = json!({"token": hers, "registration_secret": "A".repeat(43)});
    refuses_values(&phone, PATH, wrong, &["password"]).await;
    verify(&phone, &json!({"token": hers, "registration_secret": secret})).await.expect(200);
    world.login(&ada).await;

    verify(&phone, &json!({"token": his, "password": "Wr0ng!password"})).await.expect(401);
    verify(&phone, &json!({"token": his, "password": bob.password})).await.expect(200);
    world.login(&bob).await;
}

/// a link alone is enough in the network of the registration, where that is configured.
#[tokio::test]
async fn the_network_can_be_believed() {
    let world = believing().await;
    let ada = world.stranger("ada");
    register_from(&world.anonymous(), &ada).await;
    let body = json!({ "token": token_of(&world, &ada).await });
    refuses_values(&elsewhere(&world, "198.51.100.7"), PATH, body.clone(), &["password"]).await;
    verify(&world.anonymous(), &body).await.expect(200);
    world.login(&ada).await;
}

/// but not for the address whose owner administers the installation.
#[tokio::test]
async fn the_network_is_not_believed_of_the_first_admin() {
    let email = format!("Root.{}@Example.test", unique());
    let settings = settings().set("registration.trust_same_network", true);
    let world = World::with(settings.set("bootstrap.admin_email", email.as_str())).await;
    let mut root = world.stranger("root");
    root.email = email.to_lowercase();
    register_from(&world.anonymous(), &root).await;
    let token = token_of(&world, &root).await;
    refuses_values(&world.anonymous(), PATH, json!({ "token": token }), &["password"]).await;
    verify(&world.anonymous(), &json!({"token": token, "password": root.password})).await.expect(200);
    let answer = world.try_login(&root.email, &root.password).await.expect(200);
    assert_eq!(answer.value("/user/realm_roles"), json!(["user", "admin"]));
}

/// by default the network is not believed: a link never works by itself.
#[tokio::test]
async fn the_network_is_not_believed_by_default() {
    let world = World::start().await;
    let ada = world.stranger("ada");
    let secret = register_from(&world.anonymous(), &ada).await;
    let token = token_of(&world, &ada).await;
    refuses_values(&world.anonymous(), PATH, json!({ "token": token }), &["password"]).await;
    verify(&world.anonymous(), &json!({"token": token, "registration_secret": secret})).await.expect(200);
}

/// what cannot be a secret or a password.
#[tokio::test]
async fn bad_proofs_are_listed() {
    let world = World::start().await;
    let body = json!({"token": "", "password": "x".repeat(129), "registration_secret": "short"});
    refuses_values(&world.anonymous(), PATH, body, &["token", "password", "registration_secret"]).await;
    let stored = "select count(*) from registrations where secret_hash is not null and length(secret_hash) <> 32 and $1 <> ''";
    register_from(&world.anonymous(), &world.stranger("ada")).await;
    assert_eq!(world.count(stored, "x").await, 0);
}

/// tries with the links of one account are limited across clients.
#[tokio::test]
async fn tries_with_a_link_are_limited() {
    let world = World::with(settings().set("limits.verify_per_account_per_hour", 2)).await;
    let ada = world.stranger("ada");
    register_from(&world.anonymous(), &ada).await;
    let body = json!({"token": token_of(&world, &ada).await, "password": "Wr0ng!password"});
    for (number, status) in [(1, 401), (2, 401), (3, 429)] {
        verify(&elsewhere(&world, &format!("203.0.113.{number}")), &body).await.expect(status);
    }
}
