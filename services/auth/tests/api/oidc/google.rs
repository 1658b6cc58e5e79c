//! Google: OpenID Connect with its own ways. Its issuer is written in two ways, its word on an address counts for the
//! mailboxes that it keeps, and companies are the claim `hd`.

use serde_json::{Value, json};

use super::browser::Browser;
use super::provider::{LocalProvider, Someone};
use super::{SSO, error_of};
use crate::harness::{World, settings};

/// A provider in Google's shape: what its document says, and the claims of its ID tokens.
async fn google(domains: &[&str]) -> (LocalProvider, World) {
    let provider = LocalProvider::start();
    let hd = Value::from("acme.test");
    provider.behave(|behaviour| {
        behaviour.document.extend([
            ("response_types_supported".to_owned(), json!(["code", "token", "id_token", "none"])),
            ("subject_types_supported".to_owned(), json!(["public"])),
            ("id_token_signing_alg_values_supported".to_owned(), json!(["RS256"])),
            (
                "token_endpoint_auth_methods_supported".to_owned(),
                json!(["client_secret_post", "client_secret_basic"]),
            ),
            ("code_challenge_methods_supported".to_owned(), json!(["plain", "S256"])),
        ]);
        behaviour.signed = super::provider::Signed::Rs256;
        behaviour.claims.extend([
            ("azp".to_owned(), super::provider::CLIENT_ID.into()),
            ("preferred_username".to_owned(), Value::Null),
            ("given_name".to_owned(), "Ada".into()),
            ("picture".to_owned(), "https://lh3.googleusercontent.com/a/x".into()),
            ("hd".to_owned(), hd),
        ]);
    });
    let domains: Vec<String> = domains.iter().map(|domain| (*domain).to_owned()).collect();
    let settings = provider
        .configure(settings(), SSO)
        .set("oidc.providers.sso.kind", "google")
        .set("oidc.providers.sso.allowed_domains", domains);
    (provider, World::with(settings).await)
}

fn someone_at(domain: &str) -> Someone {
    let someone = Someone::named("ada");
    Someone { subject: colink_test::unique(), email: format!("{}@{domain}", someone.username), ..someone }
}

fn claim(provider: &LocalProvider, name: &str, value: Value) {
    provider.behave(|behaviour| drop(behaviour.claims.insert(name.to_owned(), value)));
}

/// Where somebody is sent who is new.
async fn arrive(world: &World, provider: &LocalProvider, someone: &Someone) -> String {
    Browser::new(world).go_through(provider, someone).await
}

/// somebody of a customer of Google's gets an account, named after his address, and keeps it.
#[tokio::test]
async fn somebody_of_a_company_signs_in_with_google() {
    let (provider, world) = google(&["acme.test"]).await;
    let ada = someone_at("acme.test");
    let answer = Browser::new(&world).sign_in(&provider, &ada).await.expect(200);
    assert_eq!(answer.text("/user/username"), ada.username);
    assert_eq!(answer.text("/user/display_name"), ada.name);
    assert_eq!(world.count("select count(*) from users where email = $1", &ada.email).await, 1);
    let moved = Someone { email: "ada@elsewhere.test".to_owned(), ..ada.clone() };
    let again = Browser::new(&world).sign_in(&provider, &moved).await.expect(200);
    assert_eq!(again.text("/user/id"), answer.text("/user/id"));
}

/// which company somebody is of says `hd`; his address says nothing about it.
#[tokio::test]
async fn only_people_of_allowed_companies_sign_in_with_google() {
    let (provider, world) = google(&["acme.test"]).await;
    let ada = someone_at("acme.test");
    for hd in
        [Value::Null, json!("other.test"), json!("sub.acme.test"), json!("acme.test.evil.test"), json!("")]
    {
        claim(&provider, "hd", hd.clone());
        assert_eq!(error_of(&arrive(&world, &provider, &ada).await), "domain_not_allowed", "{hd}");
    }
    assert_eq!(world.count("select count(*) from users where email = $1", &ada.email).await, 0);
    claim(&provider, "hd", json!("ACME.test"));
    let of_a_second_domain = someone_at("acme-labs.test");
    Browser::new(&world).sign_in(&provider, &of_a_second_domain).await.expect(200);
    // Whoever leaves the company has the way closed that he had.
    claim(&provider, "hd", Value::Null);
    assert_eq!(error_of(&arrive(&world, &provider, &of_a_second_domain).await), "domain_not_allowed");
}

/// an address makes an account if Google says that it is verified, and keeps the mailbox or that of the company.
#[tokio::test]
async fn an_address_that_google_does_not_vouch_for_makes_no_account() {
    let (provider, world) = google(&[]).await;
    for (hd, domain, verified) in [
        (json!("acme.test"), "acme.test", json!(false)),
        (json!("acme.test"), "acme.test", json!("false")),
        (json!("acme.test"), "acme.test", Value::Null),
        (Value::Null, "gmail.com", json!(false)),
        (Value::Null, "acme.test", json!(true)),
        (Value::Null, "gmail.com.evil.test", json!(true)),
    ] {
        claim(&provider, "hd", hd.clone());
        claim(&provider, "email_verified", verified.clone());
        let location = arrive(&world, &provider, &someone_at(domain)).await;
        assert_eq!(error_of(&location), "email_unverified", "{hd} {domain} {verified}");
    }
    assert_eq!(world.count("select count(*) from users where email <> $1", "").await, 0);
    claim(&provider, "hd", Value::Null);
    claim(&provider, "email_verified", json!(true));
    Browser::new(&world).sign_in(&provider, &someone_at("gmail.com")).await.expect(200);
}

/// Google's tokens name their issuer with `https://` or without it; nobody else's may.
#[tokio::test]
async fn the_issuer_is_written_in_two_ways() {
    let (provider, mut world) = google(&[]).await;
    let ada = someone_at("acme.test");
    let bare = provider.issuer().split_once("://").unwrap().1.to_owned();
    for issuer in [provider.issuer(), bare.clone()] {
        claim(&provider, "iss", issuer.into());
        Browser::new(&world).sign_in(&provider, &ada).await.expect(200);
    }
    for issuer in ["accounts.google.com", "https://accounts.google.com", "https://evil.test", "evil.test"] {
        claim(&provider, "iss", issuer.into());
        assert_eq!(error_of(&arrive(&world, &provider, &ada).await), "provider_error", "{issuer}");
    }
    world.service.change("oidc.providers.sso.kind", "oidc");
    world.service.restart().await;
    claim(&provider, "iss", bare.into());
    assert_eq!(error_of(&arrive(&world, &provider, &ada).await), "provider_error");
    claim(&provider, "iss", provider.issuer().into());
    Browser::new(&world).sign_in(&provider, &ada).await.expect(200);
}
