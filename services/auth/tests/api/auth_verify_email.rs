//! `POST /auth/verify-email`.

use colink_events::Topic;
use colink_events::users::{UserUpdated, UserVerified};
use colink_test::Answer;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

use crate::harness::{Person, World, clock, refuses_malformed, refuses_values, settings};

/// of many uses of one token at once, one wins; later ones lose.
#[tokio::test]
async fn one_use_of_a_token_wins() {
    let world = World::start().await;
    let mut users = world.stage.probe(Topic::Users).await;
    let ada = world.stranger("ada");
    world.register(&ada).await.expect(201);
    let token = world.verification_mail(&ada).await.token();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (client, body) = (world.anonymous(), json!({ "token": token, "password": ada.password }));
        waiting.spawn(async move { client.post("/auth/verify-email", &body).await });
    }
    let answers = waiting.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status.is_success());
    assert_eq!((won.len(), lost.len()), (1, 9));
    for answer in lost {
        assert_eq!(answer.expect(400).error_fields(), ["token"]);
    }
    let session = world.login(&ada).await;
    users.await_event::<UserVerified>(|event| event.user_id.to_string() == session.user_id).await;
}

/// Somebody who registers with the address of `owner`, with a name and a password of his own.
fn rival(world: &World, name: &str, owner: &Person) -> Person {
    let mut rival = world.stranger(name);
    rival.email.clone_from(&owner.email);
    rival.password = format!("{name}'s S3cret");
    rival
}

/// The token of the mail about this person's registration.
async fn own_token(world: &World, person: &Person) -> String {
    world.mailbox.await_mail(&person.email, &person.username).await.token()
}

/// Uses a link as its person would on any device.
async fn verify_as(world: &World, person: &Person, token: &str) -> Answer {
    let body = json!({ "token": token, "password": person.password });
    world.anonymous().post("/auth/verify-email", &body).await
}

/// whoever registered first with the address of somebody else gains nothing when its owner proves it.
#[tokio::test]
async fn the_link_that_is_used_decides_who_the_account_is() {
    let world = World::start().await;
    let mut users = world.stage.probe(Topic::Users).await;
    let ada = world.stranger("ada");
    let mallory = rival(&world, "mallory", &ada);
    let mut body = mallory.registration();
    body["display_name"] = json!("Mallory");
    world.anonymous().post("/auth/register", &body).await.expect(201);
    let dead = own_token(&world, &mallory).await;
    world.register(&ada).await.expect(201);
    verify_as(&world, &ada, &own_token(&world, &ada).await).await.expect(200);

    world.try_login(&ada.email, &mallory.password).await.expect(401);
    let session = world.login(&ada).await;
    let me = session.client.get("/auth/me").await.expect(200);
    assert_eq!(
        (me.text("/username"), me.text("/display_name").as_str()),
        (ada.username.clone(), "Ada Lovelace")
    );
    let renamed = users.await_event::<UserUpdated>(|event| event.0.username == ada.username).await.0;
    assert_eq!((renamed.0.user_id.to_string(), renamed.0.version), (session.user_id, 2));

    assert_eq!(world.verify(&dead).await.expect(400).error_fields(), ["token"]);
    world.login(&ada).await;
    assert_eq!(world.count("select count(*) from registrations where $1 <> ''", "x").await, 0);
    let held = "select count(*) from usernames where username = $1 and held_until is not null";
    assert_eq!(world.count(held, &mallory.username).await, 1, "free when its time is over");
    assert_eq!(world.count(held, &ada.username).await, 0, "taken for good");
}

/// whoever registers after the owner gains nothing either.
#[tokio::test]
async fn a_later_registration_does_not_touch_an_earlier_link() {
    let world = World::start().await;
    let ada = world.stranger("ada");
    let mallory = rival(&world, "mallory", &ada);
    world.register(&ada).await.expect(201);
    let token = own_token(&world, &ada).await;
    world.register(&mallory).await.expect(201);
    let dead = own_token(&world, &mallory).await;
    verify_as(&world, &ada, &token).await.expect(200);
    world.verify(&dead).await.expect(400);
    world.try_login(&ada.email, &mallory.password).await.expect(401);
    world.login(&ada).await;
}

/// of all links of an account, used at once, one wins, and the account is that registration's.
#[tokio::test]
async fn one_link_of_an_account_wins() {
    let world = World::start().await;
    let ada = world.stranger("ada");
    let mut people = vec![ada.clone()];
    people.extend(["bob", "carol", "dave"].map(|name| rival(&world, name, &ada)));
    for person in &people {
        world.register(person).await.expect(201);
    }
    // Every link is there before the first is used: the winner ends the others, also those not yet mailed.
    let mut links = Vec::new();
    for person in people {
        let body = json!({ "token": own_token(&world, &person).await, "password": person.password });
        links.push((person, body));
    }
    let mut waiting = tokio::task::JoinSet::new();
    for (person, body) in links {
        let client = world.anonymous();
        waiting.spawn(async move { (person, client.post("/auth/verify-email", &body).await.status) });
    }
    let answers = waiting.join_all().await;
    let mut statuses: Vec<u16> = answers.iter().map(|(_, status)| status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400, 400]);
    for (person, status) in answers {
        let login = world.try_login(&person.email, &person.password).await;
        let login = login.expect(if status.is_success() { 200 } else { 401 });
        if status.is_success() {
            assert_eq!(login.text("/user/username"), person.username);
        }
    }
}

/// a name that somebody else got after its time is not taken from him.
#[tokio::test]
async fn a_name_that_is_lost_does_not_keep_the_link_from_working() {
    let world = World::start().await;
    let ada = world.stranger("ada");
    let first = rival(&world, "first", &ada);
    world.register(&first).await.expect(201);
    world.register(&ada).await.expect(201);
    let token = own_token(&world, &ada).await;
    sqlx::query("update usernames set held_until = null, registration_id = null where username = $1")
        .bind(&ada.username)
        .execute(world.database())
        .await
        .unwrap();
    verify_as(&world, &ada, &token).await.expect(200);
    let session = world.login(&ada).await;
    assert_eq!(session.client.get("/auth/me").await.text("/username"), first.username);
}

/// a token lives for 24 hours.
#[tokio::test]
async fn an_old_token_is_dead() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (early, late) = (world.stranger("early"), world.stranger("late"));
    world.register(&early).await.expect(201);
    world.register(&late).await.expect(201);
    let (first, second) = (world.verification_mail(&early).await, world.verification_mail(&late).await);
    clock.advance(Duration::from_secs(86_399));
    world.verify(&first.token()).await.expect(200);
    clock.advance(Duration::from_secs(2));
    assert_eq!(world.verify(&second.token()).await.expect(400).error_fields(), ["token"]);
}

/// what cannot be a token, and what is none.
#[tokio::test]
async fn bad_tokens_are_refused() {
    let world = World::start().await;
    let client = world.anonymous();
    refuses_malformed(&client, Method::POST, "/auth/verify-email", "token").await;
    for token in [String::new(), "short".to_owned(), "A".repeat(43), "ü".repeat(43), "A".repeat(100_000)] {
        refuses_values(&client, "/auth/verify-email", json!({ "token": token }), &["token"]).await;
    }
}

/// whoever proves the configured address becomes realm admin.
#[tokio::test]
async fn the_first_admin_is_configured() {
    let email = format!("Boss.{}@Example.test", colink_test::unique());
    let world = World::with(settings().set("bootstrap.admin_email", email.as_str())).await;
    let mut boss = world.stranger("boss");
    boss.email = email.to_lowercase();
    world.register(&boss).await.expect(201);
    let token = world.verification_mail(&boss).await.token();
    world.verify(&token).await.expect(200);
    let answer = world.try_login(&boss.email, &boss.password).await.expect(200);
    assert_eq!(answer.value("/user/realm_roles"), json!(["user", "admin"]));
    let (_, other) = world.signed_in("other").await;
    assert_eq!(other.client.get("/auth/me").await.value("/realm_roles"), json!(["user"]));
}
