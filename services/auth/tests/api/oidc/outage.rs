//! Providers that are away.

use serde_json::json;

use super::browser::Browser;
use super::provider::{LocalProvider, Someone};
use super::{SSO, error_of, start, world_with};
use crate::harness::{World, settings};

/// a provider that fails is named as the reason, everything else goes on, and it is not asked on and on.
#[tokio::test]
async fn a_provider_that_fails_is_left_alone_for_a_while() {
    let (provider, world, browser) = start().await;
    provider.behave(|behaviour| behaviour.status = Some(503));
    for _ in 0..5 {
        let answer = browser.get(&format!("/auth/oidc/{SSO}/start")).await.expect(302);
        assert_eq!(error_of(answer.header("location").unwrap()), "provider_unavailable");
    }
    assert_eq!(provider.calls("/realm/.well-known/openid-configuration"), 3);
    let refused = browser.get(&format!("/auth/oidc/{SSO}/start?mode=json")).await.expect(503);
    assert_eq!(refused.error_code(), "SERVICE_UNAVAILABLE");
    world.signed_in("ada").await;
}

/// one that is gone altogether, and one that is gone when the browser comes back.
#[tokio::test]
async fn a_provider_that_is_gone_is_told() {
    let nobody = "http://127.0.0.1:1/realm";
    let provider = LocalProvider::start();
    let world =
        World::with(provider.configure(settings(), SSO).set("oidc.providers.sso.issuer", nobody)).await;
    let answer = Browser::new(&world).get(&format!("/auth/oidc/{SSO}/start")).await.expect(302);
    assert_eq!(error_of(answer.header("location").unwrap()), "provider_unavailable");

    let world = world_with(&provider).await;
    let mut browser = Browser::new(&world);
    let back = provider.sign_in(&browser.begin().await, &Someone::named("ada"));
    provider.behave(|behaviour| behaviour.status = Some(500));
    assert_eq!(error_of(&browser.come_back(&back).await), "provider_unavailable");
    provider.behave(|behaviour| behaviour.status = None);
    browser.sign_in(&provider, &Someone::named("ada")).await.expect(200);
}

/// a redirect is not followed, and an answer without end is not read to its end.
#[tokio::test]
async fn strange_answers_are_refused() {
    let (provider, _world, browser) = start().await;
    provider.behave(|behaviour| behaviour.status = Some(302));
    let answer = browser.get(&format!("/auth/oidc/{SSO}/start")).await.expect(302);
    assert_eq!(error_of(answer.header("location").unwrap()), "provider_error");
    provider.behave(|behaviour| {
        behaviour.status = None;
        behaviour.document.insert("padding".to_owned(), json!("x".repeat(300 * 1024)));
    });
    let answer = browser.get(&format!("/auth/oidc/{SSO}/start")).await.expect(302);
    assert_eq!(error_of(answer.header("location").unwrap()), "provider_error");
}
