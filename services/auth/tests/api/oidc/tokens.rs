//! What an ID token must say and how it must be signed.

use colink_events::Topic;
use colink_events::users::LoginFailed;
use serde_json::{Value, json};

use super::browser::Browser;
use super::provider::{Behaviour, CLIENT_ID, LocalProvider, Signed, Someone};
use super::{error_of, start};
use crate::harness::World;

type Change = Box<dyn FnOnce(&mut Behaviour) + Send>;

fn claim(name: &'static str, value: impl Into<Value>) -> Change {
    let value = value.into();
    Box::new(move |behaviour| drop(behaviour.claims.insert(name.to_owned(), value)))
}

fn claims(pairs: &[(&'static str, Value)]) -> Change {
    let pairs = pairs.to_vec();
    Box::new(move |behaviour| {
        behaviour.claims.extend(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)))
    })
}

fn signed(signed: Signed) -> Change {
    Box::new(move |behaviour| behaviour.signed = signed)
}

fn seconds_from_now(seconds: i64) -> i64 {
    use colink_core::clock::{Clock, SystemClock};
    SystemClock.now().timestamp() + seconds
}

/// Signs in after a change that is taken back afterwards.
async fn outcome(world: &World, provider: &LocalProvider, change: Change) -> String {
    let mut before = None;
    provider.behave(|behaviour| {
        before = Some(behaviour.clone());
        change(behaviour);
    });
    let location = Browser::new(world).go_through(provider, &Someone::named("ada")).await;
    provider.behave(|behaviour| *behaviour = before.unwrap());
    location
}

/// every algorithm that is allowed, and small differences between providers.
#[tokio::test]
async fn sound_tokens_are_taken() {
    let (provider, world, _) = start().await;
    let cases = [
        signed(Signed::Es256),
        signed(Signed::Rs256),
        signed(Signed::EdDsa),
        claim("aud", json!([CLIENT_ID])),
        claims(&[("aud", json!([CLIENT_ID, "another"])), ("azp", json!(CLIENT_ID))]),
        claim("email_verified", "true"),
        claim("at_hash", Value::Null),
        claim("exp", seconds_from_now(-20)),
        claim("iat", seconds_from_now(20)),
        claim("amr", "pwd"),
        claim("amr", json!(["pwd", "otp"])),
        claim("sub", "s".repeat(255)),
    ];
    for (number, change) in cases.into_iter().enumerate() {
        let location = outcome(&world, &provider, change).await;
        assert!(location.contains("#oidc_code="), "{number}: {location}");
    }
}

/// a token that is forged, for somebody else, of another sign-in or out of its time counts for nothing.
#[tokio::test]
async fn unsound_tokens_are_refused() {
    let (provider, world, _) = start().await;
    let cases = [
        ("unsigned", signed(Signed::Not)),
        ("signed with the public key", signed(Signed::ByPublicKey)),
        ("signed with another key", signed(Signed::Forged)),
        ("signed with an unknown key", signed(Signed::NextEs256)),
        ("another issuer", claim("iss", "https://evil.test")),
        ("no issuer", claim("iss", Value::Null)),
        ("another client", claim("aud", "another")),
        ("other clients", claim("aud", json!(["another", "third"]))),
        ("several clients and none named", claim("aud", json!([CLIENT_ID, "another"]))),
        ("asked for by another client", claim("azp", "another")),
        ("no client", claim("aud", Value::Null)),
        ("another nonce", claim("nonce", "n".repeat(43))),
        ("no nonce", claim("nonce", Value::Null)),
        ("expired", claim("exp", seconds_from_now(-40))),
        ("no end", claim("exp", Value::Null)),
        ("of the future", claim("iat", seconds_from_now(60))),
        ("old", claim("iat", seconds_from_now(-700))),
        ("no beginning", claim("iat", Value::Null)),
        ("not valid yet", claim("nbf", seconds_from_now(60))),
        ("another access token", claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA")),
        ("no subject", claim("sub", Value::Null)),
        ("an empty subject", claim("sub", "")),
        ("a long subject", claim("sub", "s".repeat(256))),
        ("a subject with a line break", claim("sub", "a\nb")),
        ("a subject with a NUL", claim("sub", "a\u{0}b")),
    ];
    for (what, change) in cases {
        assert_eq!(error_of(&outcome(&world, &provider, change).await), "provider_error", "{what}");
    }
    assert_eq!(world.count("select count(*) from users where username <> $1", "").await, 0);
    assert_eq!(world.count("select count(*) from oidc_codes where user_id::text <> $1", "").await, 0);
    let mut users = world.stage.probe(Topic::Users).await;
    let (failed, _) = users.await_event::<LoginFailed>(|event| event.reason == "oidc_provider_error").await;
    assert_eq!(failed.user_id, None);
}

/// a new key is fetched when the first token signed with it comes.
#[tokio::test]
async fn a_new_key_is_fetched_once() {
    let (provider, world, mut browser) = start().await;
    browser.sign_in(&provider, &Someone::named("ada")).await.expect(200);
    provider.behave(|behaviour| (behaviour.signed, behaviour.publishes_next_key) = (Signed::NextEs256, true));
    for name in ["bob", "eve"] {
        Browser::new(&world).sign_in(&provider, &Someone::named(name)).await.expect(200);
    }
    assert_eq!(provider.calls("/realm/keys"), 2);
}

/// the address may come from the userinfo endpoint, if that speaks of the same person.
#[tokio::test]
async fn userinfo_completes_a_token() {
    let (provider, world, mut browser) = start().await;
    let ada = Someone::named("ada");
    let info = |subject: &str| json!({"sub": subject, "email": ada.email, "email_verified": true});
    provider.behave(|behaviour| {
        behaviour.claims.insert("email".to_owned(), Value::Null);
        behaviour.userinfo = Some(info("somebody else"));
    });
    assert_eq!(error_of(&browser.go_through(&provider, &ada).await), "provider_error");
    provider.behave(|behaviour| behaviour.userinfo = Some(info(&ada.subject)));
    browser.sign_in(&provider, &ada).await.expect(200);
    assert_eq!(world.count("select count(*) from users where email = $1", &ada.email).await, 1);
    assert_eq!(provider.calls("/realm/userinfo"), 2);
}

/// an issuer that names itself in its answers (RFC 9207) always does, and no other may in its place.
#[tokio::test]
async fn an_answer_of_another_issuer_is_refused() {
    for announced in [false, true] {
        let (provider, world, mut browser) = {
            let provider = LocalProvider::start();
            let name = "authorization_response_iss_parameter_supported".to_owned();
            provider.behave(|behaviour| drop(behaviour.document.insert(name, announced.into())));
            let world = super::world_with(&provider).await;
            let browser = Browser::new(&world);
            (provider, world, browser)
        };
        let ada = Someone::named("ada");
        for (issuer, good) in [
            (Some("https://evil.test".to_owned()), false),
            (Some(provider.issuer()), true),
            (None, !announced),
        ] {
            let mut back = provider.sign_in(&browser.begin().await, &ada);
            if let Some(issuer) = &issuer {
                back.push_str(&format!("&iss={issuer}"));
            }
            let location = browser.come_back(&back).await;
            assert_eq!(location.contains("#oidc_code="), good, "{announced} {issuer:?}: {location}");
        }
        drop(world);
    }
}

/// a document that is another issuer's, or leads a browser somewhere else than to a web page, is not used.
#[tokio::test]
async fn an_unsound_document_is_refused() {
    for (name, value) in [
        ("issuer", json!("https://evil.test")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("token_endpoint", json!("http://sso.example.test/token")),
        ("jwks_uri", json!("file:///etc/passwd")),
        ("userinfo_endpoint", json!("gopher://127.0.0.1")),
        ("id_token_signing_alg_values_supported", json!(["HS256", "none"])),
    ] {
        let (provider, _world, browser) = start().await;
        provider.behave(|behaviour| drop(behaviour.document.insert(name.to_owned(), value)));
        let answer = browser.get("/auth/oidc/sso/start").await.expect(302);
        assert_eq!(error_of(answer.header("location").unwrap()), "provider_error", "{name}");
    }
}
