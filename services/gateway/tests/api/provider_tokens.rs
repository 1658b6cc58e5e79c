//! access tokens of trusted issuers at the edge. A small server plays auth: it knows some tokens, and counts who asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json, ServiceConfig};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use colink_test::{LocalServer, Settings};
use serde_json::{Value, json};

use crate::harness::Edge;

const ISSUER: &str = "https://sso.example.test/realms/colink";

#[derive(Default)]
struct Known {
    /// Status and `access_token` or the error's code, by the provider's token.
    answers: Mutex<HashMap<String, (u16, String)>>,
    bodies: Mutex<Vec<Value>>,
}

struct Auth {
    known: Arc<Known>,
    server: LocalServer,
}

async fn exchange(known: Data<Known>, Json(body): Json<Value>) -> HttpResponse {
    let answer = known.answers.lock().unwrap().get(body["token"].as_str().unwrap()).cloned();
    known.bodies.lock().unwrap().push(body);
    let meta = json!({ "request_id": "1", "timestamp": "2026-01-01T00:00:00.000Z" });
    let answered = |token: Option<String>| {
        let data = json!({ "access_token": token, "expires_in": 60 });
        HttpResponse::Ok().json(json!({ "success": true, "data": data, "meta": meta }))
    };
    match answer {
        None => answered(None),
        Some((200, token)) => answered(Some(token)),
        Some((status, code)) => HttpResponse::build(StatusCode::from_u16(status).unwrap()).json(json!({
            "success": false, "error": { "code": code, "message": "Told by auth." }, "meta": meta
        })),
    }
}

impl Auth {
    fn start() -> Self {
        let known = Arc::new(Known::default());
        let shared = Arc::clone(&known);
        let server = LocalServer::start(move |app: &mut ServiceConfig| {
            app.app_data(Data::from(Arc::clone(&shared)))
                .route("/internal/provider-tokens/exchange", web::post().to(exchange))
                .route("/health", web::get().to(HttpResponse::Ok));
        });
        Self { known, server }
    }

    async fn edge(&self, issuers: &[&str]) -> Edge {
        let authority = self.server.address().to_string();
        let issuers: Vec<String> = issuers.iter().map(|issuer| (*issuer).to_owned()).collect();
        Edge::start_with(|settings: Settings| {
            settings.set("upstreams.auth", authority.as_str()).set("provider_tokens.issuers", issuers)
        })
        .await
    }

    fn answers(&self, token: &str, status: u16, text: &str) {
        self.known.answers.lock().unwrap().insert(token.to_owned(), (status, text.to_owned()));
    }

    fn asked(&self) -> usize {
        self.known.bodies.lock().unwrap().len()
    }
}

/// A token that nobody here can verify.
fn token_of(issuer: &str, jti: &str) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(json!({"alg": "RS256"})), part(json!({"iss": issuer, "jti": jti})))
}

/// the service gets a token of ours and never the provider's; it is asked about once.
#[tokio::test]
async fn a_token_of_a_trusted_issuer_is_exchanged_once_for_many_calls() {
    let auth = Auth::start();
    let edge = auth.edge(&["https://other.test", ISSUER]).await;
    let theirs = token_of(ISSUER, "1");
    let ours = edge.stage.identity().token(&edge.user("ann"));
    auth.answers(&theirs, 200, &ours);
    let client = edge.service.anonymous().bearer(&theirs).with_header("user-agent", "app/1");
    for _ in 0..3 {
        client.get("/api/channels/1").await.expect(200);
    }
    for seen in edge.stub.seen() {
        assert_eq!(seen.one("authorization"), format!("Bearer {ours}"));
    }
    assert_eq!(edge.stub.seen().len(), 3);
    let bodies = auth.known.bodies.lock().unwrap().clone();
    let expected = json!({"issuer": ISSUER, "token": theirs, "ip": "127.0.0.1", "user_agent": "app/1"});
    assert_eq!(bodies, [expected]);
}

/// nobody's tokens but ours are taken unless an issuer is named, and then those of no other.
#[tokio::test]
async fn other_issuers_are_not_asked_about() {
    let auth = Auth::start();
    for issuers in [&[] as &[&str], &[ISSUER]] {
        let edge = auth.edge(issuers).await;
        let trusted = if issuers.is_empty() { ISSUER } else { "https://sso.example.test/realms/colink/" };
        for token in [
            token_of(trusted, "1"),
            token_of("https://evil.test", "1"),
            token_of("", "1"),
            format!("{}.e30.c2ln", "e30"),
            "a.%%%.c".to_owned(),
            format!("{}{}", token_of(ISSUER, "1"), "x".repeat(20_000)),
        ] {
            let answer = edge.service.anonymous().bearer(&token).get("/api/channels/1").await;
            assert!([401, 431].contains(&answer.status.as_u16()), "{answer}");
        }
        let ours = edge.stage.identity().token(&edge.user("ann"));
        edge.service.anonymous().bearer(&ours).get("/api/channels/1").await.expect(200);
        assert_eq!(edge.stub.only().one("authorization"), format!("Bearer {ours}"));
    }
    assert_eq!(auth.asked(), 0);
}

/// a refusal is remembered with its reason; what auth answers is verified like any token of ours.
#[tokio::test]
async fn a_refused_token_reaches_no_service() {
    let auth = Auth::start();
    let edge = auth.edge(&[ISSUER]).await;
    let foreign = edge.stage.identity().mint(&edge.user("ann")).other_key().sign();
    let (unknown, kept_out, forged) = (token_of(ISSUER, "1"), token_of(ISSUER, "2"), token_of(ISSUER, "3"));
    auth.answers(&kept_out, 403, "FORBIDDEN");
    auth.answers(&forged, 200, &foreign);
    for (token, status, code, message) in [
        (&unknown, 401, "TOKEN_INVALID", Some("The provider's token is not valid here.")),
        (&kept_out, 403, "FORBIDDEN", Some("Told by auth.")),
        (&forged, 401, "TOKEN_INVALID", None),
    ] {
        for _ in 0..2 {
            let answer = edge.service.anonymous().bearer(token).get("/api/channels/1").await.expect(status);
            assert_eq!(answer.error_code(), code);
            assert!(message.is_none_or(|message| answer.error_message() == message), "{answer}");
        }
    }
    assert_eq!(auth.asked(), 3);
    assert!(edge.stub.seen().is_empty());
}

/// a provider that is away, or a client that is limited, is not remembered and closes no circuit.
#[tokio::test]
async fn an_outage_of_the_provider_is_none_of_auth() {
    let auth = Auth::start();
    let edge = auth.edge(&[ISSUER]).await;
    let (away, limited, good) = (token_of(ISSUER, "1"), token_of(ISSUER, "2"), token_of(ISSUER, "3"));
    auth.answers(&away, 502, "UPSTREAM_ERROR");
    auth.answers(&limited, 429, "RATE_LIMITED");
    let ours = edge.stage.identity().token(&edge.user("ann"));
    auth.answers(&good, 200, &ours);
    for _ in 0..6 {
        edge.service.anonymous().bearer(&away).get("/api/channels/1").await.expect(502);
        edge.service.anonymous().bearer(&limited).get("/api/channels/1").await.expect(429);
    }
    assert_eq!(auth.asked(), 12);
    edge.service.anonymous().bearer(&good).get("/api/channels/1").await.expect(200);
    auth.answers(&away, 200, &ours);
    edge.service.anonymous().bearer(&away).get("/api/channels/1").await.expect(200);
}
