//! Pages of other origins.

use colink_test::Answer;
use reqwest::Method;

use crate::harness::Edge;

const FRIEND: &str = "https://chat.example.test";

async fn edge() -> Edge {
    Edge::start_with(|settings| settings.set("cors.allowed_origins", vec![FRIEND])).await
}

async fn preflight(edge: &Edge, origin: &str) -> Answer {
    let request = edge.service.anonymous().request(Method::OPTIONS, "/api/channels/1/messages");
    let request = request.header("origin", origin).header("access-control-request-method", "POST");
    request
        .header("access-control-request-headers", "authorization,content-type,idempotency-key")
        .send()
        .await
}

/// G-5: a page on the allow-list may read answers, refusals included.
#[tokio::test]
async fn an_allowed_origin_may_read_answers() {
    let edge = edge().await;
    for (client, status) in [(edge.client(), 200), (edge.service.anonymous(), 401)] {
        let answer = client.with_header("origin", FRIEND).get("/api/unreads").await.expect(status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(FRIEND));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        let exposed = answer.header("access-control-expose-headers").unwrap().to_ascii_lowercase();
        for name in ["x-request-id", "retry-after", "ratelimit-remaining"] {
            assert!(exposed.contains(name), "{exposed}");
        }
        assert!(answer.header("vary").unwrap().to_ascii_lowercase().contains("origin"));
    }
}

/// G-5: any other page may not.
#[tokio::test]
async fn another_origin_may_not() {
    let edge = edge().await;
    for origin in
        ["https://evil.test", "http://chat.example.test", "https://chat.example.test.evil.test", "null"]
    {
        let answer = edge.client().with_header("origin", origin).get("/api/unreads").await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        let asked = preflight(&edge, origin).await;
        assert_eq!(asked.header("access-control-allow-origin"), None, "{origin}");
    }
}

/// G-5: a preflight is answered here, without a token and without any service.
#[tokio::test]
async fn a_preflight_is_answered_by_the_gateway() {
    let edge = edge().await;
    let answer = preflight(&edge, FRIEND).await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(FRIEND));
    assert!(answer.header("access-control-allow-methods").unwrap().contains("POST"));
    let headers = answer.header("access-control-allow-headers").unwrap().to_ascii_lowercase();
    for name in ["authorization", "content-type", "idempotency-key"] {
        assert!(headers.contains(name), "{headers}");
    }
    assert!(edge.stub.seen().is_empty());
}

/// G-5: without an allow-list no page of another origin is let in.
#[tokio::test]
async fn by_default_nobody_is_on_the_list() {
    let edge = Edge::start().await;
    let answer = edge.client().with_header("origin", FRIEND).get("/api/unreads").await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), None);
}
