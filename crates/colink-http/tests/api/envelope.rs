//! Replies and failures as they leave.

use std::time::Duration;

use actix_web::web;
use colink_core::error::ErrorKind;
use colink_core::error::Invalid;
use colink_http::etag::{IfMatch, of_version};
use colink_http::validate::{all, field};
use colink_http::{ApiError, ApiResult, Path, Reply};
use serde_json::{Value, json};

use crate::harness::{Answer, Server};

async fn ok() -> ApiResult<Reply<Value>> {
    Ok(Reply::ok(json!({ "n": 1 })))
}

async fn gone() -> ApiResult<Reply<()>> {
    Ok(Reply::no_content())
}

async fn tagged() -> ApiResult<Reply<Value>> {
    Ok(Reply::ok(json!({ "n": 1 })).with_etag(of_version(3)))
}

async fn update(condition: IfMatch) -> ApiResult<Reply<Value>> {
    condition.check(&of_version(3))?;
    Ok(Reply::ok(json!({ "n": 2 })).with_etag(of_version(4)))
}

async fn listed() -> ApiResult<Reply<[u8; 2]>> {
    Ok(Reply::ok([1, 2]).with_body_etag())
}

async fn refused() -> ApiResult<Reply<()>> {
    let bad = || Err::<u8, _>(Invalid::required());
    all((field("name", bad()), field("topic", bad())))?;
    Ok(Reply::no_content())
}

async fn fails(Path(code): Path<String>) -> ApiResult<Reply<()>> {
    let kind = ErrorKind::from_code(&code).ok_or_else(|| ApiError::not_found("code"))?;
    Err(ApiError::new(kind, "In short.").caused_by("the database password is hunter2"))
}

async fn wait() -> ApiResult<Reply<()>> {
    Err(ApiError::rate_limited(Duration::from_millis(1500)))
}

fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/ok").get(ok).post(ok).delete(gone));
    app.service(web::resource("/tagged").get(tagged).put(update));
    app.service(web::resource("/listed").get(listed));
    app.service(web::resource("/refused").get(refused));
    app.service(web::resource("/fails/{code}").get(fails));
    app.service(web::resource("/wait").get(wait));
}

#[actix_web::test]
async fn a_success_has_data_and_meta_and_204_has_no_body() {
    let server = Server::start(routes);
    let answer = server.get("/ok").await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.data(), json!({ "n": 1 }));
    assert_eq!(answer.json()["meta"]["request_id"], answer.header("x-request-id"));
    assert_eq!(answer.json().as_object().unwrap().len(), 3);
    let gone = Answer::of(server.request("DELETE", "/ok")).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert!(!gone.header("x-request-id").is_empty());
}

#[actix_web::test]
async fn every_kind_of_failure_has_its_status_and_hides_its_cause() {
    let server = Server::start(routes);
    for kind in ErrorKind::ALL {
        let answer = server.get(&format!("/fails/{}", kind.code())).await;
        answer.fails_with(kind.status(), kind.code());
        assert!(!answer.text.contains("hunter2"), "{answer:?}");
        let told = answer.json()["error"]["message"] == "In short.";
        assert_eq!(told, kind != ErrorKind::Internal, "{answer:?}");
        assert_eq!(!answer.header("retry-after").is_empty(), matches!(kind.status(), 429 | 503));
        let challenged = ["UNAUTHORIZED", "TOKEN_EXPIRED", "TOKEN_INVALID"].contains(&kind.code());
        assert_eq!(!answer.header("www-authenticate").is_empty(), challenged);
    }
    assert_eq!(server.get("/wait").await.header("retry-after"), "2");
}

#[actix_web::test]
async fn every_refused_field_is_listed() {
    let answer = Server::start(routes).get("/refused").await;
    answer.fails_with(400, "VALIDATION_ERROR");
    assert_eq!(answer.fields(), ["name", "topic"]);
}

#[actix_web::test]
async fn a_known_body_is_not_sent_again_and_a_stale_write_is_refused() {
    let server = Server::start(routes);
    let first = server.get("/tagged").await;
    assert_eq!((first.header("etag"), first.header("cache-control")), ("\"v3\"", "private, no-cache"));
    let again = Answer::of(server.request("GET", "/tagged").header("if-none-match", "W/\"v3\"")).await;
    assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", "\"v3\""));
    let list = server.get("/listed").await;
    let known =
        Answer::of(server.request("GET", "/listed").header("if-none-match", list.header("etag"))).await;
    assert_eq!(known.status, 304);
    let put = |tag: &str| Answer::of(server.request("PUT", "/tagged").header("if-match", tag));
    put("\"v2\"").await.fails_with(412, "PRECONDITION_FAILED");
    assert_eq!(put("\"v3\"").await.status, 200);
    assert_eq!(put("*").await.status, 200);
    assert_eq!(Answer::of(server.request("PUT", "/tagged")).await.status, 200);
}

#[actix_web::test]
async fn a_read_that_accepts_no_json_is_406_and_a_write_is_done() {
    let server = Server::start(routes);
    let asked =
        |method: &str, accept: &str| Answer::of(server.request(method, "/ok").header("accept", accept));
    asked("GET", "text/html").await.fails_with(406, "NOT_ACCEPTABLE");
    asked("GET", "application/json;q=0, text/html").await.fails_with(406, "NOT_ACCEPTABLE");
    for accept in ["*/*", "text/html, application/json;q=0.5", "Application/*"] {
        assert_eq!(asked("GET", accept).await.status, 200, "{accept}");
    }
    assert_eq!(asked("POST", "text/html").await.status, 200);
}
