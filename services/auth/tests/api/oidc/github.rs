//! GitHub: OAuth 2.0 with an API of its own.

use super::browser::Browser;
use super::provider::{LocalProvider, Someone};
use super::{SSO, error_of};
use crate::harness::{World, settings};

async fn github() -> (LocalProvider, World) {
    let provider = LocalProvider::start();
    let settings = provider
        .configure(settings(), SSO)
        .set("oidc.providers.sso.kind", "github")
        .set("oidc.providers.sso.issuer", provider.site());
    (provider, World::with(settings).await)
}

fn account(number: u64) -> Someone {
    Someone { subject: number.to_string(), ..Someone::named("octocat") }
}

/// the number of the account is the identity, its verified primary address the address.
#[tokio::test]
async fn somebody_signs_in_with_github() {
    let (provider, world) = github().await;
    let octocat = account(583_231);
    let mut browser = Browser::new(&world);
    let url = browser.begin().await;
    assert!(url.starts_with(&format!("{}/login/oauth/authorize?", provider.site())), "{url}");
    assert!(url.contains("scope=read%3Auser+user%3Aemail") && !url.contains("nonce="), "{url}");
    let answer = browser.sign_in(&provider, &octocat).await.expect(200);
    assert_eq!(answer.text("/user/display_name"), octocat.name);
    assert_eq!(world.count("select count(*) from identities where subject = $1", "583231").await, 1);
    assert_eq!(world.count("select count(*) from users where email = $1", &octocat.email).await, 1);

    // The login name went to somebody else: that is another person.
    let successor = Someone { username: octocat.username.clone(), ..account(583_232) };
    let other = Browser::new(&world).sign_in(&provider, &successor).await.expect(200);
    assert_ne!(other.text("/user/id"), answer.text("/user/id"));
}

///
#[tokio::test]
async fn github_refusals_and_unverified_addresses_lead_to_the_sign_in_page() {
    let (provider, world) = github().await;
    let mut browser = Browser::new(&world);
    let unverified = Someone { email_verified: false, ..account(1) };
    assert_eq!(error_of(&browser.go_through(&provider, &unverified).await), "email_unverified");
    let back = provider.sign_in(&browser.begin().await, &account(2)).replace("code=code-", "code=forged-");
    assert_eq!(error_of(&browser.come_back(&back).await), "provider_error");
}
