//! A browser on its way through a sign-in: it keeps the cookie and follows nothing by itself.

use colink_test::{Answer, Client};
use reqwest::Method;
use serde_json::json;

use super::SSO;
use super::provider::{LocalProvider, Someone};
use crate::harness::World;

/// A browser with its cookie.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) client: Client,
    pub(crate) cookie: Option<String>,
}

impl Browser {
    pub(crate) fn new(world: &World) -> Self {
        Self { client: world.anonymous(), cookie: None }
    }

    fn client(&self) -> Client {
        match &self.cookie {
            Some(cookie) => self.client.with_header("cookie", &format!("theme=dark; {cookie}; x=1")),
            None => self.client.clone(),
        }
    }

    /// Keeps the cookie of an answer.
    pub(crate) fn keep(&mut self, answer: &Answer) {
        let cookie = answer.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {answer}"));
        self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.client().get(path).await
    }

    /// Where the sign-in page of the provider is.
    pub(crate) async fn begin_at(&mut self, path: &str) -> String {
        let answer = self.get(path).await.expect(302);
        self.keep(&answer);
        answer.header("location").unwrap().to_owned()
    }

    pub(crate) async fn begin(&mut self) -> String {
        self.begin_at(&format!("/auth/oidc/{SSO}/start?return_to=/channels")).await
    }

    /// Brings back what the provider said; where the browser is sent then.
    pub(crate) async fn come_back(&self, query: &str) -> String {
        self.come_back_to(SSO, query).await
    }

    pub(crate) async fn come_back_to(&self, provider: &str, query: &str) -> String {
        let answer = self.get(&format!("/auth/oidc/{provider}/callback?{query}")).await.expect(302);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        answer.header("location").unwrap().to_owned()
    }

    /// All of it until the browser is back: where it is sent then.
    pub(crate) async fn go_through(&mut self, provider: &LocalProvider, someone: &Someone) -> String {
        let url = self.begin().await;
        self.come_back(&provider.sign_in(&url, someone)).await
    }

    pub(crate) async fn exchange(&self, code: &str) -> Answer {
        let request = self.client().request(Method::POST, "/auth/oidc/token");
        request.json(&json!({ "code": code, "device_name": "Firefox" })).send().await
    }

    /// All of it: the answer with the tokens.
    pub(crate) async fn sign_in(&mut self, provider: &LocalProvider, someone: &Someone) -> Answer {
        let location = self.go_through(provider, someone).await;
        self.exchange(code_of(&location)).await
    }

    /// Links a provider to the account of `access`: where the browser is sent at the end.
    pub(crate) async fn link(&mut self, access: &str, provider: &LocalProvider, someone: &Someone) -> String {
        let url = self.begin_link(access).await;
        self.come_back(&provider.sign_in(&url, someone)).await
    }

    pub(crate) async fn begin_link(&mut self, access: &str) -> String {
        let client = self.client().bearer(access);
        let answer = client.post(&format!("/auth/oidc/{SSO}/link"), &json!({"return_to": "/settings"})).await;
        let answer = answer.expect(200);
        self.keep(&answer);
        answer.text("/authorization_url")
    }
}

/// The code in the address that a sign-in ended with.
pub(crate) fn code_of(location: &str) -> &str {
    location
        .strip_prefix("https://chat.example.test/channels#oidc_code=")
        .unwrap_or_else(|| panic!("no sign-in: {location}"))
}
