//! What the framework and the outermost middleware answer by themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, web};
use colink_core::clock::{ManualClock, SharedClock, SystemClock};
use colink_http::health::HealthChecks;
use colink_http::{ApiResult, HttpConfig, Reply, RequestContext};
use serde_json::{Value, json};

use crate::harness::{Answer, Server, config};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async fn panics() -> ApiResult<Reply<()>> {
    panic!("a bug");
}

async fn sleeps() -> ApiResult<Reply<()>> {
    tokio::time::sleep(Duration::from_secs(60)).await;
    Ok(Reply::no_content())
}

async fn context(context: RequestContext) -> ApiResult<Reply<Value>> {
    let ip = context.ip().map(|ip| ip.to_string());
    Ok(Reply::ok(json!({
        "id": context.request_id().as_str(),
        "ip": ip,
        "agent": context.user_agent(),
        "trace": context.traceparent(),
    })))
}

async fn plain() -> HttpResponse {
    HttpResponse::Forbidden().body("a framework's own words")
}

async fn page() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/html").body("<p>mine")
}

async fn typed(_: web::Json<u8>) -> HttpResponse {
    HttpResponse::Ok().finish()
}

fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/panics").get(panics));
    app.service(web::resource("/sleeps").get(sleeps));
    app.service(web::resource("/context").get(context).put(context));
    app.service(web::resource("/plain").get(plain));
    app.service(web::resource("/page").get(page));
    app.service(web::resource("/typed").post(typed));
    app.service(web::resource("/secret/{token}").get(context));
    app.service(
        web::scope("/broken")
            .wrap(from_fn(|_, _: actix_web::middleware::Next<_>| async {
                let refused: Result<actix_web::dev::ServiceResponse<actix_web::body::BoxBody>, _> =
                    Err(actix_web::error::ErrorBadGateway("a middleware failed"));
                refused
            }))
            .route("/x", web::get().to(context)),
    );
}

#[actix_web::test]
async fn unknown_paths_and_methods_are_in_the_envelope() {
    let server = Server::start(routes);
    server.get("/nothing/here").await.fails_with(404, "NOT_FOUND");
    let wrong = Answer::of(server.request("DELETE", "/context")).await;
    wrong.fails_with(405, "METHOD_NOT_ALLOWED");
    let mut allowed: Vec<_> = wrong.header("allow").split(", ").collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "PUT"]);
    Answer::of(server.request("BREW", "/context")).await.fails_with(405, "METHOD_NOT_ALLOWED");
}

#[actix_web::test]
async fn bare_answers_and_failed_middlewares_are_put_into_the_envelope() {
    let server = Server::start(routes);
    server.get("/plain").await.fails_with(403, "FORBIDDEN");
    server.get("/broken/x").await.fails_with(502, "UPSTREAM_ERROR");
    server.post("/typed", "\"x\"").await.fails_with(400, "INVALID_REQUEST");
    let own = server.get("/page").await;
    assert_eq!((own.status, own.text.as_str()), (404, "<p>mine"));
}

#[actix_web::test]
async fn a_panic_is_500_in_the_envelope_and_the_server_goes_on() {
    let server = Server::start(routes);
    for _ in 0..3 {
        server.get("/panics").await.fails_with(500, "INTERNAL_ERROR");
    }
    assert_eq!(server.get("/context").await.status, 200);
}

#[actix_web::test]
async fn a_request_that_takes_too_long_is_504() {
    let config = HttpConfig { request_timeout_ms: 30, ..config() };
    let server = Server::with(&config, &SystemClock::shared(), &HealthChecks::default(), routes);
    server.get("/sleeps").await.fails_with(504, "UPSTREAM_TIMEOUT");
}

/// G-3: the id is taken over or made, and on every answer; the trace is passed on.
#[actix_web::test]
async fn the_request_id_and_the_trace_travel() {
    let server = Server::start(routes);
    let request = server.request("GET", "/context").header("x-request-id", "web-1");
    let request = request.header("traceparent", TRACE).header("user-agent", "tester/1");
    let answer = Answer::of(request).await;
    assert_eq!(answer.header("x-request-id"), "web-1");
    assert_eq!(
        answer.data(),
        json!({ "id": "web-1", "ip": "127.0.0.1", "agent": "tester/1", "trace": TRACE })
    );
    let made = Answer::of(server.request("GET", "/context").header("x-request-id", "not one!")).await;
    assert_eq!(made.header("x-request-id").len(), 36);
}

/// G-2: a forged address counts only where the configuration says that the gateway stands in front.
#[actix_web::test]
async fn forwarded_addresses_count_only_behind_the_gateway() {
    let asked = |server: &Server| {
        server.request("GET", "/context").header("x-forwarded-for", "198.51.100.1, 192.0.2.7")
    };
    let open = Server::start(routes);
    assert_eq!(Answer::of(asked(&open)).await.data()["ip"], "127.0.0.1");
    let config = HttpConfig { trust_forwarded: true, ..config() };
    let behind = Server::with(&config, &SystemClock::shared(), &HealthChecks::default(), routes);
    assert_eq!(Answer::of(asked(&behind)).await.data()["ip"], "192.0.2.7");
}

/// G-5
#[actix_web::test]
async fn every_answer_has_the_security_headers() {
    let server = Server::start(routes);
    for path in ["/context", "/nothing", "/panics", "/health"] {
        let answer = server.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("strict-transport-security"), "");
    }
}

/// O-1: labels are closed sets; a path that may hold a secret is never one.
#[actix_web::test]
async fn requests_are_counted_by_route_pattern() {
    let server = Server::start(routes);
    server.get("/secret/hunter2").await;
    server.get("/nothing/here").await;
    server.get("/panics").await;
    Answer::of(server.request("DELETE", "/context")).await;
    Answer::of(server.request("BREW", "/context")).await;
    let text = server.get("/metrics").await.text;
    for line in [
        r#"http_requests_total{endpoint="/secret/{token}",method="GET",service="example",status="200"} 1"#,
        r#"http_requests_total{endpoint="unmatched",method="GET",service="example",status="404"} 1"#,
        r#"http_requests_total{endpoint="unmatched",method="GET",service="example",status="500"} 1"#,
        r#"http_requests_total{endpoint="/context",method="DELETE",service="example",status="405"} 1"#,
        r#"http_requests_total{endpoint="/context",method="OTHER",service="example",status="405"} 1"#,
        r#"http_request_duration_seconds_count{endpoint="/secret/{token}",method="GET",service="example"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("hunter2"));
    assert!(server.metrics.render().contains("process_"));
}

/// O-1
#[actix_web::test]
async fn health_says_that_it_lives_and_ready_says_whether_it_can_work() {
    let clock: SharedClock = Arc::new(ManualClock::default());
    let checks = HealthChecks::default();
    checks.require("postgres", || async { Ok::<_, String>(()) });
    let server = Server::with(&config(), &clock, &checks, routes);
    let health = server.get("/health").await.json();
    assert_eq!(
        (health["status"].as_str(), health["timestamp"].as_str()),
        (Some("healthy"), Some("2026-01-01T00:00:00.000Z"))
    );
    assert!(health["uptime"].is_u64() && health["version"].is_string());
    let ready = server.get("/ready").await;
    assert_eq!((ready.status, ready.json()["status"].as_str()), (200, Some("healthy")));

    checks.watch("redis", || async { Err("connection refused, password hunter2") });
    let degraded = server.get("/ready").await;
    assert_eq!((degraded.status, degraded.json()["status"].as_str()), (200, Some("degraded")));
    assert_eq!(degraded.json()["dependencies"]["redis"], json!({ "status": "unhealthy", "required": false }));
    assert!(!degraded.text.contains("hunter2"));

    checks.require("kafka", std::future::pending::<Result<(), String>>);
    let down = server.get("/ready").await;
    assert_eq!((down.status, down.json()["status"].as_str()), (503, Some("unhealthy")));
    assert_eq!(server.get("/health").await.status, 200);
}

/// O-1: whoever asks how a service is, and how many do, its stores are asked once a second.
#[actix_web::test]
async fn many_who_ask_for_readiness_ask_the_stores_once() {
    let asked = Arc::new(AtomicU32::new(0));
    let (checks, count) = (HealthChecks::default(), Arc::clone(&asked));
    checks.require("postgres", move || {
        let number = count.fetch_add(1, Ordering::SeqCst);
        // The first one to ask waits for the answer until it gives up; the others do not ask beside it.
        async move { if number == 0 { std::future::pending().await } else { Ok::<_, String>(()) } }
    });
    let server = Server::with(&config(), &SystemClock::shared(), &checks, routes);
    let answers = futures_util::future::join_all((0..20).map(|_| server.get("/ready"))).await;
    assert!(answers.iter().all(|answer| answer.status == 503 || answer.status == 200));
    let asked = asked.load(Ordering::SeqCst);
    assert!((1..=2).contains(&asked), "asked {asked} times for 20 callers");
}

/// G-6: each service serves its own documentation.
#[actix_web::test]
async fn the_document_and_its_page_are_served() {
    let server = Server::start(routes);
    let document = server.get("/openapi.json").await;
    assert_eq!(
        (document.header("content-type"), document.json()["openapi"].as_str()),
        ("application/json", Some("3.1.0"))
    );
    let redirect = server.get("/docs").await;
    assert_eq!(redirect.header("location"), "/docs/");
    let page = server.get("/docs/").await;
    assert!(page.status == 200 && page.text.contains("swagger-ui"), "{page:?}");
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    let setup = server.get("/docs/swagger-initializer.js").await;
    assert!(setup.text.contains("/openapi.json"), "{setup:?}");
    server.get("/docs/no-such-file").await.fails_with(404, "NOT_FOUND");
}
