//! Whose account an identity meets.

use colink_events::Topic;
use colink_events::users::ProviderLinked;
use serde_json::json;

use super::browser::Browser;
use super::linking::queued;
use super::provider::{LocalProvider, Someone};
use super::{SSO, error_of, start};
use crate::harness::{PASSWORD, World, settings};

fn someone_at(email: &str) -> Someone {
    Someone { email: email.to_owned(), ..Someone::named("ada") }
}

/// an account is never handed over for an address: its owner signs in and links.
#[tokio::test]
async fn an_account_with_the_address_is_not_taken_over() {
    let (provider, world, mut browser) = start().await;
    let ada = world.member("ada").await;
    let location = browser.go_through(&provider, &someone_at(&ada.email.to_uppercase())).await;
    assert_eq!(error_of(&location), "account_exists");
    assert_eq!(world.count("select count(*) from identities where provider = $1", SSO).await, 0);
}

/// unless the operator says that the provider's word is enough; then the owner is told by mail, his sessions end
/// and his password stays.
#[tokio::test]
async fn an_account_is_linked_by_its_address_where_that_is_wanted() {
    let provider = LocalProvider::start();
    let settings = provider.configure(settings(), SSO).set("oidc.providers.sso.link_by_address", true);
    let world = World::with(settings).await;
    let ada = world.member("ada").await;
    let known = world.login(&ada).await;
    let mut browser = Browser::new(&world);
    let unverified = Someone { email_verified: false, ..someone_at(&ada.email) };
    assert_eq!(error_of(&browser.go_through(&provider, &unverified).await), "email_unverified");

    let someone = someone_at(&ada.email);
    let session = world.session(&browser.sign_in(&provider, &someone).await.expect(200));
    assert_eq!(session.user_id, known.user_id);
    world.mailbox.await_mail(&ada.email, "was linked to your account").await;
    known.client.get("/users/me").await.expect(401);
    session.client.get("/users/me").await.expect(200);
    world.login(&ada).await;
    // The next sign-in links nothing.
    browser.sign_in(&provider, &someone).await.expect(200);
    session.client.get("/users/me").await.expect(200);
    assert_eq!(queued(&world, "provider_linked").await, 1);
    let mut users = world.stage.probe(Topic::Users).await;
    let of_ada = |event: &ProviderLinked| event.user_id.to_string() == known.user_id;
    assert_eq!(users.await_event::<ProviderLinked>(of_ada).await.0.by, "address");
    // Another person of the provider with the same address does not get in beside.
    assert_eq!(error_of(&browser.go_through(&provider, &someone_at(&ada.email)).await), "already_linked");
}

/// whoever registered an address that is not his gets nothing of the account of its owner.
#[tokio::test]
async fn an_account_registered_by_somebody_else_becomes_the_owners() {
    let (provider, world, mut browser) = start().await;
    let squatter = world.stranger("mallory");
    world.register(&squatter).await.expect(201);
    let token = world.verification_mail(&squatter).await.token();

    let owner = someone_at(&squatter.email);
    let session = world.session(&browser.sign_in(&provider, &owner).await.expect(200));
    world.try_login(&squatter.email, PASSWORD).await.expect(401);
    world.verify(&token).await.expect(400);
    let me = session.client.get("/auth/me").await.expect(200);
    assert_eq!(me.text("/username"), owner.username);
    assert_eq!(queued(&world, "provider_linked").await, 0, "the account is new to its owner");
    assert_eq!(world.count("select count(*) from users where email_normalised = $1", &owner.email).await, 1);
    // The name of the registration is held for a while, as always.
    let other = crate::harness::Person { email: world.stranger("eve").email, ..squatter };
    world.register(&other).await.expect(409);
}

/// accounts are made only for verified addresses, of domains that are allowed, by providers that may.
#[tokio::test]
async fn provisioning_has_rules() {
    let provider = LocalProvider::start();
    for (setting, email, verified, word) in [
        (None, "ada@example.test", false, "email_unverified"),
        (None, "no address", true, "email_unverified"),
        (Some(("jit", toml::Value::from(false))), "ada@example.test", true, "not_registered"),
        (Some(("allowed_domains", vec!["acme.test"].into())), "ada@example.test", true, "domain_not_allowed"),
        (Some(("allowed_domains", vec!["acme.test"].into())), "ada@acme.test", false, "domain_not_allowed"),
        (
            Some(("allowed_domains", vec!["acme.test"].into())),
            "ada@sub.acme.test",
            true,
            "domain_not_allowed",
        ),
    ] {
        let mut settings = provider.configure(settings(), SSO);
        if let Some((key, value)) = setting {
            settings = settings.set(&format!("oidc.providers.{SSO}.{key}"), value);
        }
        let world = World::with(settings).await;
        let someone = Someone { email_verified: verified, ..someone_at(email) };
        let location = Browser::new(&world).go_through(&provider, &someone).await;
        assert_eq!(error_of(&location), word, "{email}");
        assert_eq!(world.count("select count(*) from users where email <> $1", "").await, 0);
    }
    let untrusted = World::with(provider.register(settings(), SSO)).await;
    let location = Browser::new(&untrusted).go_through(&provider, &Someone::named("ada")).await;
    assert_eq!(error_of(&location), "not_registered");
}

/// domains hold for whoever is known already, too.
#[tokio::test]
async fn a_domain_that_is_taken_back_closes_the_way_in() {
    let provider = LocalProvider::start();
    let domains = |domain: &str| toml::Value::from(vec![domain.to_owned()]);
    let settings = provider
        .configure(settings(), SSO)
        .set("oidc.providers.sso.allowed_domains", domains("example.test"));
    let mut world = World::with(settings).await;
    let ada = Someone::named("ada");
    Browser::new(&world).sign_in(&provider, &ada).await.expect(200);
    world.service.change("oidc.providers.sso.allowed_domains", domains("acme.test"));
    world.service.restart().await;
    let location = Browser::new(&world).go_through(&provider, &ada).await;
    assert_eq!(error_of(&location), "domain_not_allowed");
}

/// names are made from what the provider tells, and made unique.
#[tokio::test]
async fn a_taken_name_gets_a_number() {
    let (provider, world, _) = start().await;
    let taken = Someone::named("ada");
    for (username, expected) in [
        (taken.username.clone(), taken.username.clone()),
        (taken.username.to_uppercase(), format!("{}2", taken.username)),
        ("everyone".to_owned(), "everyone2".to_owned()),
    ] {
        let someone = Someone { username, ..Someone::named("x") };
        let answer = Browser::new(&world).sign_in(&provider, &someone).await.expect(200);
        assert_eq!(answer.text("/user/username"), expected);
    }
}

/// two first sign-ins at once make one account.
#[tokio::test]
async fn two_first_sign_ins_make_one_account() {
    let (provider, world, _) = start().await;
    let ada = Someone::named("ada");
    let sign_ins = (0..4).map(|_| async { Browser::new(&world).sign_in(&provider, &ada).await });
    let answers = futures_util::future::join_all(sign_ins).await;
    let ids: Vec<String> = answers.into_iter().map(|answer| answer.expect(200).text("/user/id")).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(world.count("select count(*) from users where email_normalised = $1", &ada.email).await, 1);
}

/// a suspended account stays closed.
#[tokio::test]
async fn a_suspended_user_does_not_get_in() {
    let (provider, world, mut browser) = start().await;
    let ada = Someone::named("ada");
    browser.sign_in(&provider, &ada).await.expect(200);
    sqlx::query("update users set suspended_at = now()").execute(world.database()).await.unwrap();
    assert_eq!(browser.sign_in(&provider, &ada).await.expect(403).error_code(), "FORBIDDEN");
}

/// a second factor of the provider is written into the token only where it is believed.
#[tokio::test]
async fn a_providers_second_factor_counts_where_it_is_trusted() {
    let provider = LocalProvider::start();
    provider.behave(|behaviour| drop(behaviour.claims.insert("amr".to_owned(), json!(["pwd", "otp"]))));
    for trusted in [false, true] {
        let settings = provider.configure(settings(), SSO).set("oidc.providers.sso.trust_mfa", trusted);
        let world = World::with(settings).await;
        let answer = Browser::new(&world).sign_in(&provider, &Someone::named("ada")).await.expect(200);
        let amr: String =
            sqlx::query_scalar("select array_to_string(amr, ',') from sessions where id::text = $1")
                .bind(answer.text("/session_id"))
                .fetch_one(world.database())
                .await
                .unwrap();
        assert_eq!(amr.contains("mfa"), trusted, "{amr}");
    }
}
