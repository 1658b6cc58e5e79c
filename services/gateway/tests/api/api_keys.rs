//! API keys at the edge. A small server plays auth: it knows one key, and counts who asks.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web::{self, Data, Json, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use colink_auth::ApiKey;
use colink_core::clock::SystemClock;
use colink_core::id::SessionId;
use colink_test::{LocalServer, SOON, Settings, TestUser, eventually};
use serde_json::{Value, json};

use crate::harness::Edge;

/// What auth knows and was asked.
#[derive(Default)]
struct Known {
    tokens: Mutex<HashMap<String, String>>,
    lives: AtomicU32,
    asked: AtomicU32,
    bodies: Mutex<Vec<Value>>,
    slow: Mutex<Duration>,
}

struct Auth {
    known: Arc<Known>,
    server: LocalServer,
}

async fn exchange(known: Data<Known>, request: HttpRequest, Json(body): Json<Value>) -> HttpResponse {
    known.asked.fetch_add(1, Ordering::SeqCst);
    assert!(request.headers().contains_key("authorization"), "a service token");
    let delay = *known.slow.lock().unwrap();
    tokio::time::sleep(delay).await;
    let token = known.tokens.lock().unwrap().get(body["key"].as_str().unwrap()).cloned();
    known.bodies.lock().unwrap().push(body);
    let data = json!({ "access_token": token, "expires_in": known.lives.load(Ordering::SeqCst) });
    let meta = json!({ "request_id": "1", "timestamp": "2026-01-01T00:00:00.000Z" });
    HttpResponse::Ok().json(json!({ "success": true, "data": data, "meta": meta }))
}

impl Auth {
    fn start() -> Self {
        let known = Arc::new(Known::default());
        known.lives.store(60, Ordering::SeqCst);
        let shared = Arc::clone(&known);
        let server = LocalServer::start(move |app: &mut ServiceConfig| {
            app.app_data(Data::from(Arc::clone(&shared)))
                .route("/internal/api-keys/exchange", web::post().to(exchange))
                .route("/ready", web::get().to(HttpResponse::Ok));
        });
        Self { known, server }
    }

    /// A key of the user; the token it is exchanged for.
    fn issue(&self, edge: &Edge, user: &TestUser) -> (String, String) {
        let key = ApiKey::new(SessionId::generate(&SystemClock), rand::random()).reveal();
        let mint = edge.stage.identity().mint(user).claim("scope", "messages:read");
        let token = mint.claim("amr", json!(["api_key"])).sign();
        self.known.tokens.lock().unwrap().insert(key.clone(), token.clone());
        (key, token)
    }

    fn asked(&self) -> u32 {
        self.known.asked.load(Ordering::SeqCst)
    }
}

async fn edge(auth: &Auth) -> Edge {
    let authority = auth.server.address().to_string();
    Edge::start_with(|settings: Settings| settings.set("upstreams.auth", authority.as_str())).await
}

/// the service gets the token and never the key; the key is asked about once.
#[tokio::test]
async fn a_key_is_exchanged_once_for_many_calls() {
    let auth = Auth::start();
    let edge = edge(&auth).await;
    let (key, token) = auth.issue(&edge, &edge.user("bot"));
    let client = edge.service.anonymous().bearer(&key).with_header("user-agent", "bot/1");
    for _ in 0..3 {
        client.get("/api/channels/1").await.expect(200);
    }
    for seen in edge.stub.seen() {
        assert_eq!(seen.one("authorization"), format!("Bearer {token}"));
    }
    assert_eq!((edge.stub.seen().len(), auth.asked()), (3, 1));
    let bodies = auth.known.bodies.lock().unwrap().clone();
    assert_eq!(bodies, [json!({ "key": key, "ip": "127.0.0.1", "user_agent": "bot/1" })]);
}

/// many calls at once ask once.
#[tokio::test]
async fn calls_at_the_same_time_ask_once() {
    let auth = Auth::start();
    let edge = edge(&auth).await;
    *auth.known.slow.lock().unwrap() = Duration::from_millis(300);
    let (key, _) = auth.issue(&edge, &edge.user("bot"));
    let client = edge.service.anonymous().bearer(&key);
    let answers = futures_util::future::join_all((0..10).map(|_| client.get("/api/channels/1"))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(auth.asked(), 1);
}

/// what is not well-formed is refused without a question, what auth refuses is asked about once.
#[tokio::test]
async fn wrong_keys_cost_little() {
    let auth = Auth::start();
    let edge = edge(&auth).await;
    let (key, _) = auth.issue(&edge, &edge.user("bot"));
    let mut mistyped = key.clone();
    mistyped.replace_range(40..41, if &key[40..41] == "x" { "y" } else { "x" });
    for malformed in ["clk_", "clk_abc_def_ghi", &mistyped, &format!("{key}x"), &"clk_".repeat(1000)] {
        let answer = edge.service.anonymous().bearer(malformed).get("/api/channels/1").await.expect(401);
        assert_eq!(answer.error_code(), "TOKEN_INVALID");
    }
    assert_eq!(auth.asked(), 0);
    let unknown = ApiKey::new(SessionId::generate(&SystemClock), rand::random()).reveal();
    for _ in 0..3 {
        let answer = edge.service.anonymous().bearer(&unknown).get("/api/channels/1").await.expect(401);
        assert_eq!(answer.error_message(), "The API key is not valid.");
    }
    assert_eq!(auth.asked(), 1);
    assert!(edge.stub.seen().is_empty());
}

/// a key counts in the header alone, and there once.
#[tokio::test]
async fn a_key_in_a_url_or_beside_another_token_is_none() {
    let auth = Auth::start();
    let edge = edge(&auth).await;
    let (key, token) = auth.issue(&edge, &edge.user("bot"));
    for name in ["token", "key", "api_key", "access_token"] {
        let answer = edge.service.anonymous().get(&format!("/api/channels/1?{name}={key}")).await.expect(401);
        assert_eq!(answer.error_code(), "UNAUTHORIZED");
    }
    for scheme in ["Basic", "clk_", "ApiKey"] {
        let client = edge.service.anonymous().with_header("authorization", &format!("{scheme} {key}"));
        client.get("/api/channels/1").await.expect(401);
    }
    let request = edge.service.anonymous().request(reqwest::Method::GET, "/api/channels/1");
    let twice = request.header("authorization", &format!("Bearer {key}"));
    twice.header("authorization", &format!("Bearer {token}")).send().await.expect(401);
    assert!(edge.stub.seen().is_empty());
}

/// while auth is away what is remembered goes on; another key is answered 503, quickly.
#[tokio::test]
async fn while_auth_is_away_remembered_keys_go_on() {
    let mut auth = Auth::start();
    let edge = edge(&auth).await;
    let user = edge.user("bot");
    let ((known, _), (other, _)) = (auth.issue(&edge, &user), auth.issue(&edge, &user));
    edge.service.anonymous().bearer(&known).get("/api/channels/1").await.expect(200);
    let gone = auth.server.address();
    auth.server = LocalServer::start(|_| {});
    let is_gone = async || std::net::TcpStream::connect(gone).is_err().then_some(());
    eventually("auth is away", SOON, is_gone).await;
    let began = std::time::Instant::now();
    edge.service.anonymous().bearer(&known).get("/api/channels/1").await.expect(200);
    let refused = edge.service.anonymous().bearer(&other).get("/api/channels/1").await.expect(503);
    assert_eq!(refused.error_code(), "SERVICE_UNAVAILABLE");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(edge.stub.seen().len(), 2);
}

/// a token that is about to end is not given out: its key is asked about again.
#[tokio::test]
async fn a_token_is_remembered_no_longer_than_it_lives() {
    let auth = Auth::start();
    let edge = edge(&auth).await;
    auth.known.lives.store(5, Ordering::SeqCst);
    let (key, _) = auth.issue(&edge, &edge.user("bot"));
    let client = edge.service.anonymous().bearer(&key);
    for _ in 0..2 {
        client.get("/api/channels/1").await.expect(200);
    }
    assert_eq!(auth.asked(), 2);
}

/// G-4, A-11: a key draws on the budget of its user.
#[tokio::test]
async fn a_key_draws_on_the_budget_of_its_user() {
    let auth = Auth::start();
    let authority = auth.server.address().to_string();
    let edge = Edge::start_with(|settings: Settings| {
        settings
            .set("upstreams.auth", authority.as_str())
            .set("limits.read_burst", 2)
            .set("limits.read_per_minute", 1)
    })
    .await;
    let user = edge.user("bot");
    let ((first, token), (second, _)) = (auth.issue(&edge, &user), auth.issue(&edge, &user));
    edge.service.anonymous().bearer(&first).get("/api/channels/1").await.expect(200);
    edge.service.anonymous().bearer(&second).get("/api/channels/1").await.expect(200);
    for bearer in [&first, &second, &token] {
        edge.service.anonymous().bearer(bearer).get("/api/channels/1").await.expect(429);
    }
}
