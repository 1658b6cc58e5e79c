//! One service asking another.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use colink_core::clock::SystemClock;
use colink_core::error::ErrorKind;
use colink_core::id::RequestId;
use colink_http::client::{InternalClient, ServiceTokenSource};
use colink_http::{ApiError, ApiResult, Body, Path, Reply, RequestContext, context};
use serde_json::{Value, json};

use crate::harness::Server;

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[derive(Debug)]
struct FixedToken;

impl ServiceTokenSource for FixedToken {
    fn token(&self, audience: &str) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        Ok(format!("for-{audience}"))
    }
}

async fn echo(request: HttpRequest) -> ApiResult<Reply<Value>> {
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    Ok(Reply::ok(json!([header("authorization"), header("x-request-id"), header("traceparent")])))
}

async fn double(Body(n): Body<u32>) -> ApiResult<Reply<u32>> {
    Ok(Reply::ok(n * 2))
}

async fn refuse(Path(code): Path<String>) -> ApiResult<Reply<()>> {
    let kind = ErrorKind::from_code(&code).unwrap();
    Err(ApiError::new(kind, "No.").with_field("name", "is required"))
}

async fn gone() -> ApiResult<Reply<()>> {
    Ok(Reply::no_content())
}

async fn nonsense() -> HttpResponse {
    HttpResponse::Ok().body("<html>")
}

async fn slow() -> HttpResponse {
    tokio::time::sleep(Duration::from_secs(30)).await;
    HttpResponse::Ok().finish()
}

fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/internal/echo").get(echo).delete(gone));
    app.service(web::resource("/internal/double").post(double));
    app.service(web::resource("/internal/refuse/{code}").get(refuse));
    app.service(web::resource("/internal/nonsense").get(nonsense));
    app.service(web::resource("/internal/slow").get(slow));
}

fn client(url: &str) -> InternalClient {
    InternalClient::new("channels", url, Arc::new(FixedToken), Duration::from_millis(300)).unwrap()
}

/// G-3: an internal call carries the token, the request id and the trace of the request it is made in.
#[actix_web::test]
async fn a_call_carries_token_request_id_and_trace() {
    let server = Server::start(routes);
    let client = client(&server.url);
    let id = RequestId::parse("web-1").unwrap();
    let here = RequestContext::of_event(Some(id), Some(TRACE), &SystemClock::shared());
    let seen: Value = context::scope(here, client.get_json("/internal/echo")).await.unwrap();
    assert_eq!(seen, json!(["Bearer for-channels", "web-1", TRACE]));
    let outside: Value = client.get_json("/internal/echo").await.unwrap();
    assert_eq!(outside, json!(["Bearer for-channels", null, null]));
}

#[actix_web::test]
async fn bodies_go_both_ways_and_204_is_a_success() {
    let server = Server::start(routes);
    let client = client(&server.url);
    assert_eq!(client.post_json::<_, u32>("/internal/double", &21).await.unwrap(), 42);
    client.delete("/internal/echo").await.unwrap();
}

#[actix_web::test]
async fn a_refusal_comes_back_as_what_it_was() {
    let server = Server::start(routes);
    let client = client(&server.url);
    let refusal = |code: &'static str| {
        let client = client.clone();
        async move { client.get_json::<()>(&format!("/internal/refuse/{code}")).await.unwrap_err() }
    };
    let missing = refusal("NOT_FOUND").await;
    assert_eq!((missing.kind(), missing.message()), (ErrorKind::NotFound, "No."));
    assert_eq!(missing.details()[0].field, "name");
    assert_eq!(refusal("SERVICE_UNAVAILABLE").await.kind(), ErrorKind::ServiceUnavailable);
    // Our own token was refused: that is not the caller's business.
    assert_eq!(refusal("TOKEN_INVALID").await.kind(), ErrorKind::Upstream);
    assert_eq!(refusal("INTERNAL_ERROR").await.kind(), ErrorKind::Upstream);
}

/// G-8: whoever is down, slow or confused makes a failure of its own kind, in time.
#[actix_web::test]
async fn failures_to_answer_have_kinds_of_their_own() {
    let server = Server::start(routes);
    let client = client(&server.url);
    let kind = async |path: &str| client.get_json::<Value>(path).await.unwrap_err().kind();
    assert_eq!(kind("/internal/slow").await, ErrorKind::UpstreamTimeout);
    assert_eq!(kind("/internal/nonsense").await, ErrorKind::Upstream);
    let nobody = self::client("http://127.0.0.1:1").get_json::<Value>("/x").await.unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::ServiceUnavailable);
}
