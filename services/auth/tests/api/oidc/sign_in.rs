//! The way through a provider and back.

use std::collections::HashMap;
use std::time::Duration;

use colink_events::Topic;
use colink_events::users::{ProviderLinked, SessionStarted, UserRegistered, UserVerified};
use reqwest::Method;
use serde_json::json;
use url::Url;

use super::browser::{Browser, code_of};
use super::linking::queued;
use super::provider::{CLIENT_ID, LocalProvider, Someone};
use super::{SSO, error_of, start};
use crate::harness::{World, clock, refuses_malformed, refuses_values, settings};

/// whoever signs in for the first time gets an account, later the same one; that is no news to him.
#[tokio::test]
async fn a_stranger_gets_an_account_and_keeps_it() {
    let (provider, world, mut browser) = start().await;
    let ada = Someone::named("ada");
    let answer = browser.sign_in(&provider, &ada).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let session = world.session(&answer);
    assert_eq!(answer.text("/user/username"), ada.username);
    assert_eq!(answer.text("/user/display_name"), ada.name);
    session.client.get("/auth/me").await.expect(200);

    let mut users = world.stage.probe(Topic::Users).await;
    let id = session.user_id.as_str();
    users.await_event::<UserRegistered>(|event| event.0.user_id.to_string() == id).await;
    users.await_event::<UserVerified>(|event| event.user_id.to_string() == id).await;
    let (linked, _) = users.await_event::<ProviderLinked>(|event| event.user_id.to_string() == id).await;
    assert_eq!((linked.provider.as_str(), linked.by.as_str()), (SSO, "provisioned"));
    let (started, _) = users.await_event::<SessionStarted>(|event| event.user_id.to_string() == id).await;
    assert_eq!(started.method, "oidc");

    // A new address changes nothing: the identity is the subject.
    let moved = Someone { email: "elsewhere@example.test".to_owned(), ..ada.clone() };
    let again = Browser::new(&world).sign_in(&provider, &moved).await.expect(200);
    assert_eq!(again.text("/user/id"), id);
    assert_eq!(world.count("select count(*) from users where username = $1", &ada.username).await, 1);
    assert_eq!(world.count("select count(*) from identities where subject = $1", &ada.subject).await, 1);
    assert_eq!(provider.calls("/realm/.well-known/openid-configuration"), 1);
    assert_eq!(provider.calls("/realm/keys"), 1);
    assert_eq!(queued(&world, "provider_linked").await, 0);
}

/// the request has everything that binds the answer to it, and nothing that is secret.
#[tokio::test]
async fn the_request_is_bound_to_the_browser() {
    let (_provider, world, mut browser) = start().await;
    let answer = browser.get(&format!("/auth/oidc/{SSO}/start?return_to=/channels")).await.expect(302);
    let cookie = answer.header("set-cookie").unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    let (name, secret) = pair.split_once('=').unwrap();
    assert_eq!(name, "__Host-colink-oidc");
    assert_eq!(attributes, "Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    browser.keep(&answer);

    let url = Url::parse(answer.header("location").unwrap()).unwrap();
    let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(query["redirect_uri"], format!("https://chat.example.test/api/auth/oidc/{SSO}/callback"));
    assert_eq!((query["client_id"].as_str(), query["response_type"].as_str()), (CLIENT_ID, "code"));
    assert_eq!((query["scope"].as_str(), query["prompt"].as_str()), ("openid email profile", "x"));
    assert_eq!(query["code_challenge_method"], "S256");
    for name in ["state", "nonce", "code_challenge"] {
        assert_eq!(query[name].len(), 43, "{name}");
        assert_ne!(query[name], secret);
    }
    let plain = "select count(*) from oidc_flows where encode(state_hash, 'base64') || encode(browser_hash, 'base64') like '%' || $1 || '%'";
    assert_eq!(world.count(plain, &query["state"]).await, 0);

    // A second sign-in of the same browser is another one, with the same cookie.
    let second = browser.begin().await;
    assert!(!second.contains(&query["state"]) && !second.contains(&query["nonce"]));
    assert_eq!(browser.cookie.as_deref(), Some(pair));
}

/// an answer ends the sign-in of its own browser and provider, once and within ten minutes.
#[tokio::test]
async fn an_answer_counts_once_in_its_own_browser() {
    let (provider, other) = (LocalProvider::start(), LocalProvider::start());
    let clock = clock();
    provider.behave(|behaviour| behaviour.clock = clock.clone());
    let settings = other.configure(provider.configure(settings(), SSO), "other").clock(clock.clone());
    let world = World::with(settings).await;
    let ada = Someone::named("ada");

    let mut browser = Browser::new(&world);
    let back = provider.sign_in(&browser.begin().await, &ada);
    code_of(&browser.come_back(&back).await);
    assert_eq!(error_of(&browser.come_back(&back).await), "expired");

    // Login CSRF: somebody else's answer in this browser, and in one without a cookie.
    let mut attacker = Browser::new(&world);
    for victim in [&browser, &Browser::new(&world)] {
        let back = provider.sign_in(&attacker.begin().await, &ada);
        assert_eq!(error_of(&victim.come_back(&back).await), "expired");
        assert_eq!(error_of(&attacker.come_back(&back).await), "expired");
    }
    // Two cookies of the name: nobody knows which one is the browser's own.
    let back = provider.sign_in(&browser.begin().await, &ada);
    let torn = format!("{}; {}", attacker.cookie.as_deref().unwrap(), browser.cookie.as_deref().unwrap());
    let torn = Browser { cookie: Some(torn), ..browser.clone() };
    assert_eq!(error_of(&torn.come_back(&back).await), "expired");
    // The answer of one provider at the address of another.
    let back = provider.sign_in(&browser.begin().await, &ada);
    assert_eq!(error_of(&browser.come_back_to("other", &back).await), "expired");

    for (seconds, in_time) in [(599, true), (600, false)] {
        let back = provider.sign_in(&browser.begin().await, &ada);
        clock.advance(Duration::from_secs(seconds));
        let location = browser.come_back(&back).await;
        assert_eq!(location.contains("#oidc_code="), in_time, "{seconds}: {location}");
    }
    for query in ["", "code=x", "code=x&state=", "code=x&state=nonsense", "error=access_denied"] {
        assert_eq!(error_of(&browser.come_back(query).await), "expired", "{query}");
    }
    assert_eq!(provider.calls("/realm/token"), 2);
}

/// of many answers that come at once one counts, and of many exchanges of its code one.
#[tokio::test]
async fn of_many_at_once_one_wins() {
    let (provider, world, mut browser) = start().await;
    let back = provider.sign_in(&browser.begin().await, &Someone::named("ada"));
    let answers = futures(5, async || browser.come_back(&back).await).await;
    let won: Vec<&String> = answers.iter().filter(|location| location.contains("#oidc_code=")).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    let code = code_of(won[0]);
    let statuses = futures(5, async || browser.exchange(code).await.status.as_u16()).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 4, "{statuses:?}");
    assert_eq!(world.count("select count(*) from sessions where device_name = $1", "Firefox").await, 1);
}

async fn futures<T>(count: usize, make: impl AsyncFn() -> T) -> Vec<T> {
    futures_util::future::join_all((0..count).map(|_| make())).await
}

/// the code lives a minute, in its own browser, and another one that tries it spoils it.
#[tokio::test]
async fn a_code_is_good_for_a_minute_in_its_own_browser() {
    let (provider, clock) = (LocalProvider::start(), clock());
    provider.behave(|behaviour| behaviour.clock = clock.clone());
    let world = World::with(provider.configure(settings(), SSO).clock(clock.clone())).await;
    let ada = Someone::named("ada");
    let mut browser = Browser::new(&world);
    for (seconds, status) in [(59, 200), (60, 400)] {
        let location = browser.go_through(&provider, &ada).await;
        clock.advance(Duration::from_secs(seconds));
        browser.exchange(code_of(&location)).await.expect(status);
    }
    let location = browser.go_through(&provider, &ada).await;
    let mut thief = Browser::new(&world);
    thief.begin().await;
    for stranger in [&thief, &Browser::new(&world)] {
        assert_eq!(stranger.exchange(code_of(&location)).await.expect(400).error_fields(), ["code"]);
    }
    browser.exchange(code_of(&location)).await.expect(400);
}

/// no open redirect, however it is written.
#[tokio::test]
async fn only_paths_of_this_site_are_returned_to() {
    let (_provider, world, browser) = start().await;
    for place in [
        "//evil.test",
        "/%5Cevil.test",
        "/%2F/evil.test",
        "https:evil.test",
        "https://evil.test",
        "/%252Fevil.test",
        "/%0D%0Aa",
        "javascript:alert(1)",
        "evil",
        "/a/../..//b",
        "/a%23b",
    ] {
        let answer = browser.get(&format!("/auth/oidc/{SSO}/start?return_to={place}")).await.expect(400);
        assert_eq!(answer.error_fields(), ["return_to"], "{place}");
    }
    for query in ["return_to=/a%00b", "unknown=1", "mode=xml"] {
        browser.get(&format!("/auth/oidc/{SSO}/start?{query}")).await.expect(400);
    }
    assert_eq!(world.count("select count(*) from oidc_flows where return_to <> $1", "").await, 0);
}

/// what goes wrong at the provider is told in the client's page, in words of a closed set.
#[tokio::test]
async fn a_failure_leads_to_the_sign_in_page() {
    let (_provider, _world, mut browser) = start().await;
    for (error, word) in [
        ("access_denied", "cancelled"),
        ("server_error", "provider_error"),
        ("%3Cscript%3E", "provider_error"),
    ] {
        let url = Url::parse(&browser.begin().await).unwrap();
        let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let back = format!("error={error}&error_description=x&state={state}");
        assert_eq!(error_of(&browser.come_back(&back).await), word);
        assert_eq!(error_of(&browser.come_back(&back).await), "expired");
    }
    browser.get("/auth/oidc/unknown/start").await.expect(404);
}

/// programs get JSON at both ends.
#[tokio::test]
async fn a_program_signs_in_with_json() {
    let (provider, _world, mut program) = start().await;
    let begun = program.get(&format!("/auth/oidc/{SSO}/start?mode=json")).await.expect(200);
    program.keep(&begun);
    let back = provider.sign_in(&begun.text("/authorization_url"), &Someone::named("ada"));
    let ended = program.get(&format!("/auth/oidc/{SSO}/callback?{back}")).await.expect(200);
    assert_eq!(ended.text("/return_to"), "/");
    assert_eq!(ended.header("cache-control"), Some("no-store"));
    program.exchange(&ended.text("/code")).await.expect(200);

    provider.behave(|behaviour| drop(behaviour.claims.insert("email_verified".to_owned(), json!(false))));
    let begun = program.get(&format!("/auth/oidc/{SSO}/start?mode=json")).await.expect(200);
    let back = provider.sign_in(&begun.text("/authorization_url"), &Someone::named("eve"));
    let refused = program.get(&format!("/auth/oidc/{SSO}/callback?{back}")).await.expect(403);
    assert_eq!(refused.error_code(), "FORBIDDEN");
}

/// the list tells what stands on the buttons and nothing else.
#[tokio::test]
async fn anybody_may_see_the_providers() {
    let (_provider, world, _) = start().await;
    let answer = world.anonymous().get("/auth/oidc/providers").await.expect(200);
    let expected = json!({"providers": [{"id": SSO, "name": "Local sign-on", "kind": "oidc"}]});
    assert_eq!(answer.data::<serde_json::Value>(), expected);
}

///
#[tokio::test]
async fn an_exchange_reads_its_body_strictly() {
    let (_provider, world, _) = start().await;
    let client = world.anonymous();
    refuses_malformed(&client, Method::POST, "/auth/oidc/token", "code").await;
    let both = json!({"code": "", "device_name": "a".repeat(81)});
    refuses_values(&client, "/auth/oidc/token", both, &["code", "device_name"]).await;
    for code in ["x", &"A".repeat(43), &"A".repeat(5_000)] {
        refuses_values(&client, "/auth/oidc/token", json!({ "code": code }), &["code"]).await;
    }
}
