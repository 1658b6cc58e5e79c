//! Sign-ins that came to nothing after a proof: what the audit log is told.

use colink_events::Topic;
use colink_events::users::LoginFailed;

use crate::harness::World;
use crate::oidc::browser::{Browser, code_of};
use crate::oidc::provider::{LocalProvider, Someone};
use crate::oidc::world_with;

const CLOSED: [&str; 2] = ["suspended_at", "deactivated_at"];

/// Closes the account in this way alone.
async fn close(world: &World, column: &str, user_id: &str) {
    open(world, user_id).await;
    let query = format!("update users set {column} = now() where id = $1::uuid");
    sqlx::query(sqlx::AssertSqlSafe(query)).bind(user_id).execute(world.database()).await.unwrap();
}

async fn open(world: &World, user_id: &str) {
    let query = "update users set suspended_at = null, deactivated_at = null where id = $1::uuid";
    sqlx::query(query).bind(user_id).execute(world.database()).await.unwrap();
}

/// What the log is told of the user, in order, up to the first of this reason.
async fn told(world: &World, user_id: &str, reason: &str) -> Vec<String> {
    let mut users = world.stage.probe(Topic::Users).await;
    let of_user = |event: &LoginFailed| event.user_id.is_some_and(|id| id.to_string() == user_id);
    users.await_event::<LoginFailed>(|event| of_user(event) && event.reason == reason).await;
    let failed = users.seen().iter().filter(|envelope| envelope.is::<LoginFailed>());
    let failed = failed.map(|envelope| envelope.open::<LoginFailed>().unwrap());
    failed.filter(of_user).map(|event| event.reason).collect()
}

/// the right password of a closed account is told with what closed it, a wrong one as that.
#[tokio::test]
async fn the_password_of_a_closed_account_is_told() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    for column in CLOSED {
        close(&world, column, &session.user_id).await;
        world.try_login(&ada.email, "Wr0ng!password").await.expect(401);
        world.try_login(&ada.email, &ada.password).await.expect(403);
    }
    let expected = ["password", "suspended", "password", "deactivated"];
    assert_eq!(told(&world, &session.user_id, "deactivated").await, expected);
}

/// the same of a passkey.
#[tokio::test]
async fn the_passkey_of_a_closed_account_is_told() {
    let world = World::start().await;
    let (ada, mut authenticator) = world.with_passkey("ada").await;
    for column in CLOSED {
        close(&world, column, &ada.user_id).await;
        world.passkey_login(&mut authenticator).await.expect(403);
    }
    assert_eq!(told(&world, &ada.user_id, "deactivated").await, ["suspended", "deactivated"]);
}

/// the same of a provider's word.
#[tokio::test]
async fn the_provider_of_a_closed_account_is_told() {
    let provider = LocalProvider::start();
    let world = world_with(&provider).await;
    let (mut browser, ada) = (Browser::new(&world), Someone::named("ada"));
    let user_id = browser.sign_in(&provider, &ada).await.expect(200).text("/user/id");
    for column in CLOSED {
        let location = browser.go_through(&provider, &ada).await;
        close(&world, column, &user_id).await;
        browser.exchange(code_of(&location)).await.expect(403);
        open(&world, &user_id).await;
    }
    assert_eq!(told(&world, &user_id, "deactivated").await, ["suspended", "deactivated"]);
}
