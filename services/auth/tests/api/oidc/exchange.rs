//! A provider's access token for ours.

use colink_core::clock::{Clock, SystemClock};
use colink_test::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use super::SSO;
use super::browser::Browser;
use super::provider::{CLIENT_ID, LocalProvider, Signed, Someone};
use crate::harness::{World, refuses_malformed, refuses_values, settings};

const AUDIENCE: &str = "colink-api";

/// A world in which Ada has signed in by browser once.
struct Scene {
    world: World,
    provider: LocalProvider,
    ada: Someone,
    user_id: String,
}

impl Scene {
    async fn start() -> Self {
        let provider = LocalProvider::start();
        let settings =
            provider.configure(settings(), SSO).set("oidc.providers.sso.exchange_audience", AUDIENCE);
        let world = World::with(settings).await;
        let ada = Someone::named("ada");
        let answer = Browser::new(&world).sign_in(&provider, &ada).await.expect(200);
        Self { user_id: answer.text("/user/id"), world, provider, ada }
    }

    fn claims(&self) -> Value {
        let now = SystemClock.now().timestamp();
        json!({
            "iss": self.provider.issuer(), "sub": self.ada.subject, "aud": [AUDIENCE, "account"], "typ": "Bearer",
            "iat": now, "exp": now + 300, "azp": "another-client"
        })
    }

    async fn exchange(&self, typ: &str, claims: &Value) -> Answer {
        let body = json!({"provider": SSO, "subject_token": self.provider.issue(typ, claims)});
        self.world.anonymous().post("/auth/token-exchange", &body).await
    }
}

/// an access token made for this installation is exchanged, in both forms that providers have.
#[tokio::test]
async fn a_providers_access_token_becomes_ours() {
    let scene = Scene::start().await;
    let mut rfc9068 = scene.claims();
    rfc9068.as_object_mut().unwrap().remove("typ");
    rfc9068["aud"] = json!(AUDIENCE);
    for (typ, claims) in [("JWT", scene.claims()), ("at+jwt", rfc9068)] {
        let answer = scene.exchange(typ, &claims).await.expect(200);
        let session = scene.world.session(&answer);
        assert_eq!(session.user_id, scene.user_id);
        session.client.get("/auth/me").await.expect(200);
    }
}

/// nothing else is: no ID token, no token for others, none that is forged or over, and nobody who has no account.
#[tokio::test]
async fn other_tokens_are_refused() {
    let scene = Scene::start().await;
    let now = SystemClock.now().timestamp();
    for (name, value) in [
        ("typ", json!("ID")),
        ("typ", Value::Null),
        ("typ", json!("Refresh")),
        ("aud", json!(CLIENT_ID)),
        ("aud", json!("colink-api-2")),
        ("aud", json!([])),
        ("iss", json!("https://evil.test")),
        ("exp", json!(now - 60)),
        ("nbf", json!(now + 60)),
        ("iat", json!(now + 60)),
        ("sub", json!("")),
    ] {
        let mut claims = scene.claims();
        claims[name] = value.clone();
        let refused = scene.exchange("JWT", &claims).await.expect(401);
        assert_eq!(refused.error_code(), "TOKEN_INVALID", "{name} {value}");
    }
    let mut stranger = scene.claims();
    stranger["sub"] = json!("somebody else");
    assert_eq!(scene.exchange("JWT", &stranger).await.expect(403).error_code(), "FORBIDDEN");
    scene.provider.behave(|behaviour| behaviour.signed = Signed::Forged);
    scene.exchange("JWT", &scene.claims()).await.expect(401);
}

/// only where it is configured, and its body is read strictly.
#[tokio::test]
async fn an_exchange_is_offered_where_it_is_configured() {
    let provider = LocalProvider::start();
    let world = World::with(provider.configure(settings(), SSO)).await;
    let client = world.anonymous();
    let path = "/auth/token-exchange";
    for key in [SSO, "unknown"] {
        refuses_values(&client, path, json!({"provider": key, "subject_token": "x"}), &["provider"]).await;
    }
    refuses_values(&client, path, json!({}), &["provider", "subject_token"]).await;
    refuses_malformed(&client, Method::POST, path, "provider").await;
}
