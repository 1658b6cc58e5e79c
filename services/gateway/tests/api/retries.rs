//! Connections that a service drops.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Edge, behind};
use crate::wire::{Fate, RawServer};

/// G-8: a GET whose connection is dropped is made once more.
#[tokio::test]
async fn a_read_is_repeated_once() {
    let server = RawServer::start("127.0.0.1:0", &[Fate::Dropped, Fate::Answered]).await;
    let edge = Edge::start_with(|_| behind(server.address())).await;
    edge.client().get("/api/unreads").await.expect(200);
    assert_eq!(server.requests(), 2);
}

/// G-8: only once.
#[tokio::test]
async fn a_read_is_not_repeated_twice() {
    let server = RawServer::start("127.0.0.1:0", &[Fate::Dropped]).await;
    let edge = Edge::start_with(|_| behind(server.address())).await;
    let answer = edge.client().get("/api/unreads").await.expect(503);
    assert_eq!(answer.error_code(), "SERVICE_UNAVAILABLE");
    assert_eq!(server.requests(), 2);
    assert!(edge.metric("upstream_failures_total", "broken").await > 0.5);
}

/// G-8: a change is never repeated: it may have happened.
#[tokio::test]
async fn a_change_is_never_repeated() {
    let server = RawServer::start("127.0.0.1:0", &[Fate::Dropped]).await;
    let edge = Edge::start_with(|_| behind(server.address())).await;
    for (count, method) in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].into_iter().enumerate()
    {
        let request = edge.client().request(method.clone(), "/api/channels/1").json(&json!({"name": "x"}));
        let answer = request.send().await.expect(503);
        assert!(answer.error_message().contains("broke off"), "{method}: {answer}");
        assert_eq!(server.requests(), count + 1, "{method}");
    }
}
