//! Linking and unlinking by the user.

use std::time::Duration;

use colink_events::Topic;
use colink_events::users::{ProviderLinked, ProviderUnlinked, SessionRevoked};
use futures_util::future::join;
use reqwest::Method;
use serde_json::json;

use super::browser::Browser;
use super::provider::{LocalProvider, Someone};
use super::{SSO, error_of, start};
use crate::harness::{World, clock, refuses_bad_tokens, settings};
use crate::password_races::{held, kept_waiting};

const SETTINGS: &str = "https://chat.example.test/settings";

/// Mails of this template that were queued.
pub(super) async fn queued(world: &World, template: &str) -> i64 {
    let query = "select count(*) from jobs where kind = 'send_mail' and payload ->> 'template' = $1";
    world.count(query, template).await
}

/// a user links a provider, signs in with it, and unlinks it. He is told of both, and linking ends the
/// sessions that it was not done in.
#[tokio::test]
async fn a_user_links_and_unlinks_a_provider() {
    let provider = LocalProvider::start();
    // A provider that is trusted with nothing: linking needs no trust.
    let world = World::with(provider.register(settings(), SSO)).await;
    let (ada, session) = world.signed_in("ada").await;
    let elsewhere = world.login(&ada).await;
    let identity = Someone { email_verified: false, ..Someone::named("at-the-provider") };
    let mut browser = Browser::new(&world);
    assert_eq!(
        browser.link(&session.access, &provider, &identity).await,
        format!("{SETTINGS}#oidc_linked={SSO}")
    );
    session.client.get("/users/me").await.expect(200);
    elsewhere.client.get("/users/me").await.expect(401);
    world.refresh(&elsewhere.refresh).await.expect(401);
    let mail = world.mailbox.await_mail(&ada.email, "was linked to your account").await;
    assert!(mail.text.contains("Local sign-on") && mail.html.contains("Local sign-on"), "{}", mail.raw);

    let through = world.session(&Browser::new(&world).sign_in(&provider, &identity).await.expect(200));
    assert_eq!(through.user_id, session.user_id);
    let listed = through.client.get("/auth/oidc/identities").await.expect(200);
    assert_eq!(listed.text("/identities/0/provider"), SSO);
    assert_eq!(listed.text("/identities/0/name"), "Local sign-on");

    let client = world.session(&world.try_login(&ada.email, &ada.password).await.expect(200)).client;
    client.delete(&format!("/auth/oidc/{SSO}")).await.expect(204);
    client.delete(&format!("/auth/oidc/{SSO}")).await.expect(404);
    let mail = world.mailbox.await_mail(&ada.email, "was unlinked from your account").await;
    assert!(mail.text.contains("Local sign-on") && mail.html.contains("Local sign-on"), "{}", mail.raw);
    assert_eq!(queued(&world, "provider_unlinked").await, 1);
    assert_eq!(error_of(&browser.go_through(&provider, &identity).await), "not_registered");

    let mut users = world.stage.probe(Topic::Users).await;
    let id = session.user_id.as_str();
    let (linked, _) = users.await_event::<ProviderLinked>(|event| event.user_id.to_string() == id).await;
    assert_eq!(linked.by, "user");
    let ended = |event: &SessionRevoked| event.session_id.is_some_and(|one| one.to_string() == elsewhere.id);
    assert_eq!(users.await_event::<SessionRevoked>(ended).await.0.reason, "provider_linked");
    users.await_event::<ProviderUnlinked>(|event| event.user_id.to_string() == id).await;
}

/// an identity belongs to one account, and an account has one identity of a provider. What was not linked is told
/// to nobody and ends nothing.
#[tokio::test]
async fn an_identity_is_linked_once() {
    let (provider, world, mut browser) = start().await;
    let (_, ada) = world.signed_in("ada").await;
    let (eve, eves) = world.signed_in("eve").await;
    let hers = world.login(&eve).await;
    let (first, second) = (Someone::named("first"), Someone::named("second"));
    browser.link(&ada.access, &provider, &first).await;
    for (access, identity) in [(&eves.access, &first), (&ada.access, &second), (&ada.access, &first)] {
        let location = browser.link(access, &provider, identity).await;
        assert_eq!(location, format!("{SETTINGS}#oidc_error=already_linked"));
    }
    hers.client.get("/users/me").await.expect(200);
    eves.client.delete(&format!("/auth/oidc/{SSO}")).await.expect(404);
    assert_eq!((queued(&world, "provider_linked").await, queued(&world, "provider_unlinked").await), (1, 0));
}

/// whoever has no other way in keeps this one, also when the last two are taken away at once.
#[tokio::test]
async fn the_last_way_in_stays() {
    let (one, two) = (LocalProvider::start(), LocalProvider::start());
    let world = World::with(two.configure(one.configure(settings(), SSO), "two")).await;
    let ada = Someone::named("ada");
    let session = world.session(&Browser::new(&world).sign_in(&one, &ada).await.expect(200));
    let path = format!("/auth/oidc/{SSO}");
    assert_eq!(session.client.delete(&path).await.expect(409).error_code(), "CONFLICT");

    let answer =
        session.client.post("/auth/oidc/two/link", &json!({"return_to": "/settings"})).await.expect(200);
    let mut browser = Browser::new(&world);
    browser.keep(&answer);
    let back = two.sign_in(&answer.text("/authorization_url"), &Someone::named("ada-too"));
    browser.come_back_to("two", &back).await;
    let both = [path.as_str(), "/auth/oidc/two"].map(|path| session.client.delete(path));
    let mut statuses: Vec<u16> =
        futures_util::future::join_all(both).await.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
}

/// linking and unlinking ask for a fresh proof, and linking ends with the session that began it.
#[tokio::test]
async fn linking_needs_a_fresh_and_living_session() {
    let (provider, clock) = (LocalProvider::start(), clock());
    provider.behave(|behaviour| behaviour.clock = clock.clone());
    let world = World::with(provider.configure(settings(), SSO).clock(clock.clone())).await;
    let (ada, session) = world.signed_in("ada").await;
    let mut browser = Browser::new(&world);

    let url = browser.begin_link(&session.access).await;
    session.client.post("/auth/logout", &json!({})).await.expect(204);
    let back = provider.sign_in(&url, &Someone::named("x"));
    assert_eq!(browser.come_back(&back).await, format!("{SETTINGS}#oidc_error=expired"));

    // Somebody else's link in this browser.
    let (_, eve) = world.signed_in("eve").await;
    let url = Browser::new(&world).begin_link(&eve.access).await;
    assert_eq!(error_of(&browser.come_back(&provider.sign_in(&url, &Someone::named("x"))).await), "expired");

    let session = world.login(&ada).await;
    clock.advance(Duration::from_secs(11 * 60));
    let path = format!("/auth/oidc/{SSO}");
    for (method, path) in [(Method::POST, format!("{path}/link")), (Method::DELETE, path)] {
        let answer = session.client.request(method, &path).send().await.expect(403);
        assert_eq!(answer.error_code(), "REAUTHENTICATION_REQUIRED", "{path}");
    }
}

/// nor does it outlive one that ends in the moment in which he comes back, as a reset of his password and the closing
/// of his account end it, who hold his row.
#[tokio::test]
async fn a_link_does_not_outlive_its_session() {
    for change in ["update sessions set revoked_at = now()", "update users set deactivated_at = now()"] {
        let (provider, world, mut browser) = start().await;
        let (ada, session) = world.signed_in("ada").await;
        let url = browser.begin_link(&session.access).await;
        let back = provider.sign_in(&url, &Someone::named("x"));
        let mut held = held(&world, &ada.username).await;
        let end = async {
            kept_waiting(&world, 1).await;
            sqlx::query(change).execute(&mut *held).await.unwrap();
            held.commit().await.unwrap();
        };
        let (location, ()) = join(browser.come_back(&back), end).await;
        assert_eq!(location, format!("{SETTINGS}#oidc_error=expired"), "{change}");
        assert_eq!(world.count("select count(*) from identities where provider = $1", SSO).await, 0);
    }
}

///
#[tokio::test]
async fn only_the_signed_in_link_and_unlink() {
    let (_provider, world, _) = start().await;
    refuses_bad_tokens(&world, Method::POST, &format!("/auth/oidc/{SSO}/link")).await;
    refuses_bad_tokens(&world, Method::DELETE, &format!("/auth/oidc/{SSO}")).await;
    refuses_bad_tokens(&world, Method::GET, "/auth/oidc/identities").await;
    let (_, session) = world.signed_in("ada").await;
    session.client.post("/auth/oidc/unknown/link", &json!({})).await.expect(404);
    for body in [json!({"return_to": "//evil.test"}), json!({"unknown": 1})] {
        session.client.post(&format!("/auth/oidc/{SSO}/link"), &body).await.expect(400);
    }
}
