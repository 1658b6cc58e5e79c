//! A password that changes while somebody proves something by it: a check that is under way opens nothing afterwards.
//!
//! The tests hold the account's row, as a change does, let requests come as far as they can, and let go.

use colink_test::{Answer, SOON, eventually};
use futures_util::future::{join, join_all};
use serde_json::json;
use sqlx::{Postgres, Transaction};

use crate::harness::{PASSWORD, Person, Session, World};
use crate::mfa_harness::Timed;

const OTHER: &str = "An0ther!graphyte";
pub(crate) const SESSIONS: &str =
    "select count(*) from sessions s join users u on u.id = s.user_id where u.username = $1";
const TICKETS: &str =
    "select count(*) from mfa_tickets t join users u on u.id = t.user_id where u.username = $1";

/// The person's row, locked until the end.
pub(crate) async fn held(world: &World, username: &str) -> Transaction<'static, Postgres> {
    let mut held = world.database().begin().await.unwrap();
    sqlx::query("select from users where username = $1 for update")
        .bind(username)
        .execute(&mut *held)
        .await
        .unwrap();
    held
}

/// Waits until so many requests wait for a lock.
pub(crate) async fn kept_waiting(world: &World, many: i64) {
    let waiting =
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = $1";
    eventually("requests wait for the row", SOON, async || {
        (world.count(waiting, "Lock").await == many).then_some(())
    })
    .await;
}

async fn store(held: &mut Transaction<'static, Postgres>, username: &str, hash: &str) {
    let query = sqlx::query("update users set password_hash = $2 where username = $1");
    query.bind(username).bind(hash).execute(&mut **held).await.unwrap();
}

/// What the service stores of another password.
async fn other_hash(world: &World) -> String {
    let mut bob = world.stranger("bob");
    bob.password = OTHER.to_owned();
    world.register(&bob).await.expect(201);
    let proof = json!({ "token": world.verification_mail(&bob).await.token(), "password": OTHER });
    world.anonymous().post("/auth/verify-email", &proof).await.expect(200);
    let hash = sqlx::query_scalar("select password_hash from users where username = $1");
    hash.bind(&bob.username).fetch_one(world.database()).await.unwrap()
}

/// Makes the request while the password becomes [`OTHER`].
async fn overtaken(world: &World, person: &Person, request: impl Future<Output = Answer>) -> Answer {
    let hash = other_hash(world).await;
    let mut held = held(world, &person.username).await;
    let change = async {
        kept_waiting(world, 1).await;
        store(&mut held, &person.username, &hash).await;
        held.commit().await.unwrap();
    };
    join(request, change).await.0
}

async fn bcrypt(world: &World, person: &Person) {
    let hash = bcrypt::hash(PASSWORD, 4).unwrap();
    let query = sqlx::query("update users set password_hash = $2 where username = $1");
    query.bind(&person.username).bind(hash).execute(world.database()).await.unwrap();
}

/// a sign-in with the old password that is under way while it changes opens no session.
#[tokio::test]
async fn a_sign_in_does_not_outlive_its_password() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let answer = overtaken(&world, &ada, world.try_login(&ada.email, PASSWORD)).await.expect(401);
    assert_eq!(answer.error_code(), "INVALID_CREDENTIALS");
    assert_eq!(world.count(SESSIONS, &ada.username).await, 0);
    world.try_login(&ada.email, PASSWORD).await.expect(401);
    world.try_login(&ada.email, OTHER).await.expect(200);
}

/// nor does it get a ticket for the second half.
#[tokio::test]
async fn a_ticket_is_not_given_for_an_old_password() {
    let timed = Timed::start().await;
    let (ada, world) = (timed.enrolled("ada").await.person, &timed.world);
    let answer = overtaken(world, &ada, world.try_login(&ada.email, PASSWORD)).await.expect(401);
    assert_eq!(answer.error_code(), "INVALID_CREDENTIALS");
    assert_eq!(world.count(TICKETS, &ada.username).await, 0);
}

/// a hash of another system is not replaced by one of the same password when another one was set meanwhile.
#[tokio::test]
async fn a_new_hash_of_an_old_password_is_not_stored() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    bcrypt(&world, &ada).await;
    overtaken(&world, &ada, world.try_login(&ada.email, PASSWORD)).await.expect(401);
    assert_eq!(world.count(SESSIONS, &ada.username).await, 0);
    world.try_login(&ada.email, OTHER).await.expect(200);
}

/// an old password neither proves a session again nor changes itself.
#[tokio::test]
async fn an_old_password_proves_and_changes_nothing() {
    for (path, body) in [
        ("/auth/reauthenticate", json!({ "password": PASSWORD })),
        ("/auth/change-password", json!({"current_password": PASSWORD, "new_password": "N3w!graphyte"})),
    ] {
        let world = World::start().await;
        let (ada, session) = world.signed_in("ada").await;
        let Session { client, refresh, .. } = session;
        let answer = overtaken(&world, &ada, client.post(path, &body)).await.expect(401);
        assert_eq!(answer.error_code(), "INVALID_CREDENTIALS", "{path}");
        world.refresh(&refresh).await.expect(200);
        world.try_login(&ada.email, OTHER).await.expect(200);
    }
}

/// of sign-ins at once that find a hash of another system one replaces it, and all of them are let in.
#[tokio::test]
async fn sign_ins_at_once_replace_a_hash_once() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    bcrypt(&world, &ada).await;
    let held = held(&world, &ada.username).await;
    let release = async {
        kept_waiting(&world, 2).await;
        held.commit().await.unwrap();
    };
    let sign_ins = join_all((0..2).map(|_| world.try_login(&ada.email, PASSWORD)));
    for answer in join(sign_ins, release).await.0 {
        answer.expect(200);
    }
    let today = "select count(*) from users where username = $1 and password_hash like '$argon2id$%'";
    assert_eq!(world.count(today, &ada.username).await, 1);
    world.login(&ada).await;
}
