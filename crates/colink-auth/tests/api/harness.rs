//! An issuer: keys, tokens in every wrong form, and the server that publishes the keys.

use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{env, fs};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use colink_auth::{AuthConfig, Claims, Jwk, JwkSet, TokenSigner, Verifier};
use colink_core::clock::{Clock, ManualClock, SharedClock, SystemClock};
use colink_core::id::{SessionId, UserId};
use colink_http::client::http_client;

pub(crate) const ISSUER: &str = "https://colink.test";
pub(crate) const AUDIENCE: &str = "colink";

pub(crate) fn signer(kid: &str) -> TokenSigner {
    TokenSigner::new(kid, &rand::random()).unwrap()
}

pub(crate) fn set(signers: &[&TokenSigner]) -> JwkSet {
    JwkSet { keys: signers.iter().map(|signer| signer.jwk().clone()).collect() }
}

pub(crate) fn clock() -> (Arc<ManualClock>, SharedClock) {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let shared: SharedClock = clock.clone();
    (clock, shared)
}

/// The claims of a token that is good for 15 minutes from the clock's time.
pub(crate) fn claims(clock: &dyn Clock) -> Claims {
    let now = clock.now().timestamp();
    Claims {
        iss: ISSUER.to_owned(),
        sub: UserId::generate(clock),
        aud: AUDIENCE.to_owned(),
        exp: now + 900,
        iat: now,
        nbf: None,
        jti: "1".to_owned(),
        sid: SessionId::generate(clock),
        email: Some("ann@example.test".to_owned()),
        preferred_username: "ann".to_owned(),
        name: None,
        realm_roles: vec!["user".to_owned()],
        amr: vec!["pwd".to_owned()],
        scope: None,
        mfa_enrolment: false,
    }
}

/// A server that publishes keys, counts who asks, and can be slow or broken.
pub(crate) struct KeyServer {
    pub(crate) url: String,
    pub(crate) state: Arc<KeyState>,
    handle: ServerHandle,
}

#[derive(Default)]
pub(crate) struct KeyState {
    pub(crate) body: Mutex<String>,
    pub(crate) asked: AtomicU32,
    pub(crate) delay: Mutex<Duration>,
}

impl KeyState {
    pub(crate) fn publish(&self, keys: &[&Jwk]) {
        *self.body.lock().unwrap() = serde_json::to_string(&HashMap::from([("keys", keys)])).unwrap();
    }

    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn publish(state: web::Data<KeyState>) -> HttpResponse {
    state.asked.fetch_add(1, Ordering::SeqCst);
    let (body, delay) = (state.body.lock().unwrap().clone(), *state.delay.lock().unwrap());
    tokio::time::sleep(delay).await;
    HttpResponse::Ok().content_type("application/json").body(body)
}

impl KeyServer {
    pub(crate) fn start(keys: &[&Jwk]) -> Self {
        let state = Arc::new(KeyState::default());
        state.publish(keys);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let shown = web::Data::from(Arc::clone(&state));
        let server = HttpServer::new(move || {
            App::new().app_data(shown.clone()).route("/jwks.json", web::get().to(publish))
        });
        let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { url, state, handle }
    }

    pub(crate) fn config(&self) -> AuthConfig {
        AuthConfig { jwks_timeout_ms: 5_000, ..AuthConfig::new(ISSUER, AUDIENCE, &self.url) }
    }

    pub(crate) fn verifier(&self, config: &AuthConfig) -> Verifier {
        Verifier::new(config, http_client(Duration::from_secs(5)).unwrap(), SystemClock::shared())
    }

    pub(crate) async fn stop(&self) {
        self.handle.stop(false).await;
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// A variable of the environment, or else of the nearest `.colink/env`; `None` where nothing was set up.
#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().or_else(|| {
        let files =
            Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join(".colink/env"));
        let text = files.filter_map(|file| fs::read_to_string(file).ok()).next()?;
        text.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
    })
}
