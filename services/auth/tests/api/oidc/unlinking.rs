//! What an identity provider opened, after it is none of the ways in any more.

use colink_events::Topic;
use colink_events::users::{PasskeyRemoved, SessionRevoked};
use futures_util::future::join;
use serde_json::{Value, json};

use super::browser::{Browser, code_of};
use super::provider::{LocalProvider, Someone};
use super::{SSO, error_of, start};
use crate::authenticator::Authenticator;
use crate::harness::{PASSWORD, World, settings};
use crate::password_races::{held, kept_waiting};

const TOUCH: &str = "/auth/mfa/passkey";

/// Brings the key as the second half of a sign-in.
pub(super) async fn touch(world: &World, ticket: &str, key: &mut Authenticator) -> colink_test::Answer {
    let begun =
        world.anonymous().post(&format!("{TOUCH}/start"), &json!({ "mfa_ticket": ticket })).await.expect(200);
    let credential = key.get(&begun.value("/options"));
    let body = json!({"mfa_ticket": ticket, "credential": credential});
    world.anonymous().post(&format!("{TOUCH}/finish"), &body).await
}

/// with the link end the sign-ins that the provider has begun, and every session but the one that unlinked; a
/// sign-in by password goes on.
#[tokio::test]
async fn what_a_provider_opened_ends_with_its_link() {
    let provider = LocalProvider::start();
    let world = World::with(provider.register(settings(), SSO)).await;
    let (ada, session) = world.signed_in("ada").await;
    let identity = Someone::named("at-the-provider");
    let mut browser = Browser::new(&world);
    browser.link(&session.access, &provider, &identity).await;
    let mut key = Authenticator::without_verification();
    world.passkey(&session, &mut key).await;

    let ticket = async || {
        let asked = Browser::new(&world).sign_in(&provider, &identity).await.expect(200);
        assert_eq!(asked.value("/mfa_required"), json!(true));
        asked.text("/mfa_ticket")
    };
    let through = world.session(&touch(&world, &ticket().await, &mut key).await.expect(200));
    let waiting = ticket().await;
    let by_password = world.try_login(&ada.email, PASSWORD).await.expect(200).text("/mfa_ticket");
    let location = browser.go_through(&provider, &identity).await;
    through.client.get("/auth/me").await.expect(200);
    session.client.delete(&format!("/auth/oidc/{SSO}")).await.expect(204);

    assert_eq!(browser.exchange(code_of(&location)).await.expect(400).error_fields(), ["code"]);
    let dead = json!({ "mfa_ticket": waiting });
    world.anonymous().post(&format!("{TOUCH}/start"), &dead).await.expect(401);
    through.client.get("/auth/me").await.expect(401);
    world.refresh(&through.refresh).await.expect(401);
    session.client.get("/auth/me").await.expect(200);
    touch(&world, &by_password, &mut key).await.expect(200);
    let mut users = world.stage.probe(Topic::Users).await;
    let ended = |event: &SessionRevoked| event.session_id.is_some_and(|one| one.to_string() == through.id);
    assert_eq!(users.await_event::<SessionRevoked>(ended).await.0.reason, "provider_unlinked");
}

/// an exchange that is under way while the provider goes opens nothing.
#[tokio::test]
async fn an_exchange_does_not_outlive_its_code() {
    let (provider, world, mut browser) = start().await;
    let ada = Someone::named("ada");
    let location = browser.go_through(&provider, &ada).await;
    let mut held = held(&world, &ada.username).await;
    let unlink = async {
        kept_waiting(&world, 1).await;
        sqlx::query("delete from oidc_codes").execute(&mut *held).await.unwrap();
        held.commit().await.unwrap();
    };
    let (answer, ()) = join(browser.exchange(code_of(&location)), unlink).await;
    assert_eq!(answer.expect(400).error_fields(), ["code"]);
    assert_eq!(world.count("select count(*) from sessions where device_name = $1", "Firefox").await, 0);
}

/// whoever comes back from the provider in the moment in which it is unlinked is too late.
#[tokio::test]
async fn who_comes_back_too_late_gets_no_code() {
    let (provider, world, mut browser) = start().await;
    let ada = Someone::named("ada");
    browser.sign_in(&provider, &ada).await.expect(200);
    let back = provider.sign_in(&browser.begin().await, &ada);
    let mut unlinking = world.database().begin().await.unwrap();
    sqlx::query("delete from identities").execute(&mut *unlinking).await.unwrap();
    let unlink = async {
        kept_waiting(&world, 1).await;
        unlinking.commit().await.unwrap();
    };
    let (location, ()) = join(browser.come_back(&back), unlink).await;
    assert_eq!(error_of(&location), "expired");
    assert_eq!(world.count("select count(*) from oidc_codes where user_id::text <> $1", "").await, 0);
}

/// nor does he get one, or an error, while its user unlinks it, who holds his row first.
#[tokio::test]
async fn coming_back_waits_for_the_user_who_unlinks() {
    let (provider, world, mut browser) = start().await;
    let ada = Someone::named("ada");
    browser.sign_in(&provider, &ada).await.expect(200);
    let back = provider.sign_in(&browser.begin().await, &ada);
    let mut held = held(&world, &ada.username).await;
    let unlink = async {
        kept_waiting(&world, 1).await;
        sqlx::query("delete from identities").execute(&mut *held).await.unwrap();
        held.commit().await.unwrap();
    };
    let (location, ()) = join(browser.come_back(&back), unlink).await;
    assert_eq!(error_of(&location), "expired");
}

/// a reset takes every passkey, also those of somebody who has no password: the provider and a mailed password
/// let him in, and nothing more is asked for.
#[tokio::test]
async fn a_reset_takes_the_passkeys_of_whoever_has_no_password() {
    let (provider, world, mut browser) = start().await;
    let ada = Someone::named("ada");
    let session = world.session(&browser.sign_in(&provider, &ada).await.expect(200));
    let mut key = Authenticator::new();
    let passkey = world.passkey(&session, &mut key).await;
    let (boss, first) = world.signed_in("boss").await;
    sqlx::query("update users set realm_roles = '{user,admin}' where id = $1::uuid")
        .bind(&first.user_id)
        .execute(world.database())
        .await
        .unwrap();
    let boss = world.login(&boss).await;
    boss.client.post(&format!("/auth/users/{}/reset-mfa", session.user_id), &json!({})).await.expect(204);

    assert_eq!(
        world.count("select count(*) from passkeys where user_id = $1::uuid", &session.user_id).await,
        0
    );
    world.passkey_login(&mut key).await.expect(401);
    let mut users = world.stage.probe(Topic::Users).await;
    users.await_event::<PasskeyRemoved>(|event| event.passkey_id.to_string() == passkey).await;
    let again = Browser::new(&world).sign_in(&provider, &ada).await.expect(200);
    assert_eq!(
        (again.value("/mfa_required"), again.text("/user/id")),
        (Value::Null, session.user_id.clone())
    );
    world.anonymous().post("/auth/forgot-password", &json!({ "email": ada.email })).await.expect(200);
    let token = world.mailbox.await_mail(&ada.email, "Set a new password").await.token();
    let new = json!({ "token": token, "new_password": PASSWORD });
    world.anonymous().post("/auth/reset-password", &new).await.expect(200);
    let by_mail = world.session(&world.try_login(&ada.email, PASSWORD).await.expect(200));
    assert_eq!(by_mail.user_id, session.user_id);
}
