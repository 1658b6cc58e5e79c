//! Registrations that nobody proved.

use std::time::Duration;

use colink_events::Topic;
use colink_events::users::{UserErased, UserRegistered};
use colink_test::{SOON, eventually};

use crate::harness::{World, clock, settings};

/// after a week an unproven registration is gone with its account and username; proven accounts, younger ones, and
/// those that sign in by other means stay.
#[tokio::test]
async fn an_unproven_registration_is_forgotten() {
    let clock = clock();
    let mut world = World::with(settings().clock(clock.clone())).await;
    let mut users = world.stage.probe(Topic::Users).await;
    let (old, ada, other) = (world.stranger("old"), world.member("ada").await, world.stranger("other"));
    world.register(&old).await.expect(201);
    world.register(&other).await.expect(201);
    world.verification_mail(&old).await;
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
    eventually("the account is gone", SOON, async || {
        (world.count("select count(*) from users where username = $1", &old.username).await == 0)
            .then_some(())
    })
    .await;
    users.await_event::<UserErased>(|event| event.user_id == gone).await;
    for (person, there) in [(&ada, 1), (&young, 1), (&other, 1), (&old, 0)] {
        let found = world.count("select count(*) from users where username = $1", &person.username).await;
        let named = world.count("select count(*) from usernames where username = $1", &person.username).await;
        assert_eq!((found, named), (there, there), "{}", person.username);
    }
    world.login(&ada).await;
    world.register(&old).await.expect(201);
}
