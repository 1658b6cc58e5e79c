//! Registrations that nobody proved.

use std::time::Duration;

use colink_events::Topic;
use colink_events::users::{UserErased, UserRegistered, UserUpdated};
use colink_test::{SOON, eventually};
use serde_json::json;

use crate::harness::{Person, World, clock, settings};

const HOUR: u64 = 3600;

/// Somebody who registers with the address of another one.
fn rival(world: &World, name: &str, owner: &Person) -> Person {
    Person { email: owner.email.clone(), ..world.stranger(name) }
}

/// A link for a new password.
async fn reset_link(world: &World, person: &Person) -> String {
    world.anonymous().post("/auth/forgot-password", &json!({"email": person.email})).await.expect(200);
    world.mailbox.await_mail(&person.email, "Set a new password").await.token()
}

/// What somebody who is unknown is answered when he asks for this one's name.
async fn ask_for(world: &World, name: &Person) -> u16 {
    let stranger = Person { username: name.username.clone(), ..world.stranger("asks") };
    world.register(&stranger).await.status.as_u16()
}

/// Until the names of these are free, which they are all at once.
async fn freed(world: &World, people: &[&Person]) {
    let names: Vec<&str> = people.iter().map(|person| person.username.as_str()).collect();
    let (names, all) = (names.join(" "), i64::try_from(people.len()).unwrap());
    let query = "select count(*) from usernames where username = any(string_to_array($1, ' '))";
    eventually("the names are free", SOON, async || {
        let taken = world.count(query, &names).await;
        assert!([0, all].contains(&taken), "{taken} of {all} names are taken");
        (taken == 0).then_some(())
    })
    .await;
}

/// when a name is free again tells nothing about the address that it was asked for with.
#[tokio::test]
async fn a_name_is_free_at_the_same_time_whether_the_address_was_known_or_not() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let ada = world.member("ada").await;
    let (unknown, known) = (world.stranger("unknown"), rival(&world, "known", &ada));
    for person in [&unknown, &known] {
        world.register(person).await.expect(201);
    }
    for hours in [25, 142] {
        clock.advance(Duration::from_secs(hours * HOUR));
        for person in [&unknown, &known] {
            assert_eq!(ask_for(&world, person).await, 409, "{} after {hours} h more", person.username);
        }
    }
    clock.advance(Duration::from_secs(2 * HOUR));
    freed(&world, &[&unknown, &known]).await;
    for person in [&unknown, &known] {
        assert_eq!(ask_for(&world, person).await, 201, "{}", person.username);
    }
    assert_eq!(ask_for(&world, &ada).await, 409);
}

/// neither a link for a new password, which anybody can ask for, nor a later registration with the address keeps the
/// name of one that nobody proved; the later one still works.
#[tokio::test]
async fn a_name_is_not_held_longer_by_what_strangers_can_do() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone()).set("tokens.reset_hours", 24)).await;
    let mut users = world.stage.probe(Topic::Users).await;
    let ada = world.member("ada").await;
    let (asked, twice, known) =
        (world.stranger("asked"), world.stranger("twice"), rival(&world, "known", &ada));
    for person in [&asked, &twice, &known] {
        world.register(person).await.expect(201);
    }
    clock.advance(Duration::from_secs(156 * HOUR));
    reset_link(&world, &asked).await;
    let later = rival(&world, "later", &twice);
    world.register(&later).await.expect(201);
    let token = world.mailbox.await_mail(&later.email, &later.username).await.token();

    clock.advance(Duration::from_secs(13 * HOUR));
    freed(&world, &[&asked, &twice, &known]).await;
    let renamed = users.await_event::<UserUpdated>(|event| event.0.username == later.username).await.0;
    assert_eq!(renamed.0.version, 2);
    assert_eq!(world.count("select count(*) from users where email_normalised = $1", &asked.email).await, 0);
    for person in [&asked, &twice, &known] {
        assert_eq!(ask_for(&world, person).await, 201, "{}", person.username);
    }
    world.verify(&token).await.expect(200);
    assert_eq!(world.try_login(&later.email, &later.password).await.text("/user/username"), later.username);
}

/// a name belongs to its account for good when the address is proven, by whatever way.
#[tokio::test]
async fn the_name_of_a_proven_account_is_kept() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (ada, bob, carol) = (world.member("ada").await, world.stranger("bob"), world.stranger("carol"));
    world.register(&bob).await.expect(201);
    let reset = json!({"token": reset_link(&world, &bob).await, "new_password": bob.password});
    world.anonymous().post("/auth/reset-password", &reset).await.expect(200);
    let first = rival(&world, "first", &carol);
    world.register(&first).await.expect(201);
    world.register(&carol).await.expect(201);
    let token = world.mailbox.await_mail(&carol.email, &carol.username).await.token();
    world.verify(&token).await.expect(200);

    clock.advance(Duration::from_secs(90 * 24 * HOUR));
    freed(&world, &[&first]).await;
    let held = "select count(*) from usernames where username = $1 and held_until is not null";
    for person in [&ada, &bob, &carol] {
        assert_eq!(ask_for(&world, person).await, 409, "{}", person.username);
        assert_eq!(world.count(held, &person.username).await, 0, "{}", person.username);
    }
}

/// after a week an unproven registration is gone with its account and username, also one from before names were held;
/// proven accounts, younger ones, and those that sign in by other means stay.
#[tokio::test]
async fn an_unproven_registration_is_forgotten() {
    let clock = clock();
    let mut world = World::with(settings().clock(clock.clone())).await;
    let mut users = world.stage.probe(Topic::Users).await;
    let (old, ada, other) = (world.stranger("old"), world.member("ada").await, world.stranger("other"));
    world.register(&old).await.expect(201);
    world.register(&other).await.expect(201);
    world.verification_mail(&old).await;
    sqlx::query("update usernames set held_until = null, registration_id = null where username = $1")
        .bind(&old.username)
        .execute(world.database())
        .await
        .unwrap();
    sqlx::query("update users set password_hash = null where username = $1")
        .bind(&other.username)
        .execute(world.database())
        .await
        .unwrap();
    let gone =
        users.await_event::<UserRegistered>(|event| event.0.username == old.username).await.0.0.user_id;

    clock.advance(Duration::from_secs(7 * 86_400 - 60));
    let young = world.stranger("young");
    world.register(&young).await.expect(201);
    world.service.stop().await;
    world.service.restart().await;
    assert_eq!(world.count("select count(*) from users where username = $1", &old.username).await, 1);

    // The clean-up comes once an hour.
    clock.advance(Duration::from_secs(2 * 3600));
    world.service.stop().await;
    world.service.restart().await;
    freed(&world, &[&old]).await;
    users.await_event::<UserErased>(|event| event.user_id == gone).await;
    for (person, there) in [(&ada, 1), (&young, 1), (&other, 1), (&old, 0)] {
        let found = world.count("select count(*) from users where username = $1", &person.username).await;
        let named = world.count("select count(*) from usernames where username = $1", &person.username).await;
        assert_eq!((found, named), (there, there), "{}", person.username);
    }
    world.login(&ada).await;
    world.register(&old).await.expect(201);
}
