//! An identity provider on this machine: OpenID Connect at `/realm`, GitHub's endpoints beside it, and every way to misbehave.
//!
//! Nobody needs a page to sign in: [`LocalProvider::sign_in`] reads an authorization request and answers with what the
//! browser would bring back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix_web::web::{Data, ServiceConfig, get, post};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use colink_core::clock::{SharedClock, SystemClock};
use colink_test::{LocalServer, Settings};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use url::Url;

mod endpoints;
mod signing;

use endpoints::{document, github_emails, github_token, github_user, keys, token, userinfo};
pub(crate) use signing::Signed;

pub(crate) const CLIENT_ID: &str = "colink";
pub(crate) const CLIENT_SECRET: &str = "a secret: with +signs&more";

/// What the provider does otherwise than it should.
#[derive(Debug, Clone)]
pub(crate) struct Behaviour {
    pub(crate) signed: Signed,
    /// Set in the ID token; null takes a claim away.
    pub(crate) claims: Map<String, Value>,
    /// Set in the discovery document.
    pub(crate) document: Map<String, Value>,
    pub(crate) publishes_next_key: bool,
    /// The answer of the userinfo endpoint.
    pub(crate) userinfo: Option<Value>,
    /// Every answer of the back channel.
    pub(crate) status: Option<u16>,
    /// It takes calls of the back channel and never answers them.
    pub(crate) hangs: bool,
    pub(crate) clock: SharedClock,
}

/// Somebody at the provider.
#[derive(Debug, Clone)]
pub(crate) struct Someone {
    pub(crate) subject: String,
    pub(crate) email: String,
    pub(crate) email_verified: bool,
    pub(crate) name: String,
    pub(crate) username: String,
}

#[derive(Debug)]
struct Grant {
    someone: Someone,
    nonce: Option<String>,
    challenge: String,
    redirect_uri: String,
}

#[derive(Default)]
struct Kept {
    codes: HashMap<String, Grant>,
    tokens: HashMap<String, Someone>,
    calls: HashMap<String, usize>,
}

struct Inner {
    behaviour: Mutex<Behaviour>,
    kept: Mutex<Kept>,
}

/// The provider; clones are one.
#[derive(Clone)]
pub(crate) struct LocalProvider {
    inner: Arc<Inner>,
    server: Arc<LocalServer>,
}

impl Someone {
    pub(crate) fn named(name: &str) -> Self {
        let username = format!("{name}.{}", colink_test::unique());
        Self {
            subject: format!("subject of {username}"),
            email: format!("{username}@example.test"),
            email_verified: true,
            name: format!("{name} Lovelace"),
            username,
        }
    }
}

impl LocalProvider {
    pub(crate) fn start() -> Self {
        let behaviour = Behaviour {
            signed: Signed::Es256,
            claims: Map::new(),
            document: Map::new(),
            publishes_next_key: false,
            userinfo: None,
            status: None,
            hangs: false,
            clock: SystemClock::shared(),
        };
        let inner = Arc::new(Inner { behaviour: Mutex::new(behaviour), kept: Mutex::default() });
        let shared = Arc::clone(&inner);
        let server = LocalServer::start(move |routes: &mut ServiceConfig| {
            routes
                .app_data(Data::from(Arc::clone(&shared)))
                .route("/realm/.well-known/openid-configuration", get().to(document))
                .route("/realm/keys", get().to(keys))
                .route("/realm/token", post().to(token))
                .route("/realm/userinfo", get().to(userinfo))
                .route("/login/oauth/access_token", post().to(github_token))
                .route("/api/v3/user", get().to(github_user))
                .route("/api/v3/user/emails", get().to(github_emails));
        });
        Self { inner, server: Arc::new(server) }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn site(&self) -> String {
        self.server.base_url()
    }

    pub(crate) fn issuer(&self) -> String {
        format!("{}/realm", self.site())
    }

    /// The settings that make it the provider `key`, trusted with addresses and making accounts.
    pub(crate) fn configure(&self, settings: Settings, key: &str) -> Settings {
        self.register(settings, key)
            .set(&format!("oidc.providers.{key}.jit"), true)
            .set(&format!("oidc.providers.{key}.trusts_email"), true)
    }

    /// The settings that make it the provider `key`, and nothing more.
    pub(crate) fn register(&self, settings: Settings, key: &str) -> Settings {
        let at = |name: &str| format!("oidc.providers.{key}.{name}");
        settings
            .set(&at("kind"), "oidc")
            .set(&at("name"), "Local sign-on")
            .set(&at("issuer"), self.issuer())
            .set(&at("client_id"), CLIENT_ID)
            .set(&at("client_secret"), CLIENT_SECRET)
    }

    /// Changes what it does from now on.
    pub(crate) fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.inner.behaviour.lock().unwrap());
    }

    /// A token of the provider's, as the behaviour says it signs, with this type in its header.
    pub(crate) fn issue(&self, typ: &str, claims: &Value) -> String {
        signing::issue(self.inner.behaviour().signed, None, typ, claims)
    }

    /// The same under the id of another key.
    pub(crate) fn issue_under(&self, kid: &str, claims: &Value) -> String {
        signing::issue(self.inner.behaviour().signed, Some(kid), "JWT", claims)
    }

    /// How often a path was called.
    pub(crate) fn calls(&self, path: &str) -> usize {
        self.inner.kept.lock().unwrap().calls.get(path).copied().unwrap_or(0)
    }

    /// Waits until a path was called so often.
    pub(crate) async fn await_calls(&self, path: &str, count: usize) {
        for _ in 0..200 {
            if self.calls(path) >= count {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{path} was not called {count} times in 2 s");
    }

    /// The query that the browser brings back after `someone` signed in.
    pub(crate) fn sign_in(&self, authorization_url: &str, someone: &Someone) -> String {
        let url = Url::parse(authorization_url).unwrap();
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["client_id"], CLIENT_ID);
        assert_eq!(query["code_challenge_method"], "S256");
        let code = format!("code-{}", colink_test::unique());
        let grant = Grant {
            someone: someone.clone(),
            nonce: query.get("nonce").cloned(),
            challenge: query["code_challenge"].clone(),
            redirect_uri: query["redirect_uri"].clone(),
        };
        self.inner.kept.lock().unwrap().codes.insert(code.clone(), grant);
        let mut back = url::form_urlencoded::Serializer::new(String::new());
        back.append_pair("code", &code)
            .append_pair("state", &query["state"])
            .append_pair("session_state", "x");
        back.finish()
    }
}

impl Inner {
    fn behaviour(&self) -> Behaviour {
        self.behaviour.lock().unwrap().clone()
    }

    /// Notes a call; an answer when it is not to be served.
    async fn enter(&self, request: &HttpRequest) -> Option<HttpResponse> {
        *self.kept.lock().unwrap().calls.entry(request.path().to_owned()).or_default() += 1;
        if self.behaviour().hangs {
            std::future::pending::<()>().await;
        }
        let status = actix_web::http::StatusCode::from_u16(self.behaviour().status?).unwrap();
        Some(HttpResponse::build(status).finish())
    }

    /// Takes a code as the standards want it: once, with the client's secret, its redirect and its verifier.
    fn redeem(&self, form: &HashMap<String, String>) -> Option<(Grant, String)> {
        let mut kept = self.kept.lock().unwrap();
        let grant = kept.codes.remove(form.get("code")?)?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form.get("code_verifier")?));
        let fits = form.get("grant_type")? == "authorization_code"
            && grant.challenge == challenge
            && *form.get("redirect_uri")? == grant.redirect_uri;
        let token = format!("token-{}", colink_test::unique());
        kept.tokens.insert(token.clone(), grant.someone.clone());
        fits.then_some((grant, token))
    }

    fn someone(&self, request: &HttpRequest) -> Option<Someone> {
        let header =
            request.headers().get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")?.to_owned();
        self.kept.lock().unwrap().tokens.get(&header).cloned()
    }
}
