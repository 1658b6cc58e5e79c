//! What attackers try at the edge.

use colink_test::{Client, forgeries};
use reqwest::Method;
use serde_json::json;

use crate::harness::Edge;
use crate::wire::Wire;

/// A-4, G-2: whatever is made of an honest token and the published keys reaches no service.
#[tokio::test]
async fn no_forged_token_reaches_a_service() {
    let edge = Edge::start().await;
    let identity = edge.stage.identity();
    let honest = identity.token(&edge.user("ann"));
    let jwks = Client::new(identity.jwks_url()).get("").await.expect(200).json();
    for (what, token) in forgeries(&honest, &jwks) {
        let client = edge.service.anonymous().bearer(&token);
        for (method, path) in [(Method::GET, "/api/users/me"), (Method::POST, "/api/channels/1/messages")] {
            let answer = client.request(method, path).json(&json!({})).send().await.expect(401);
            assert_eq!(answer.error_code(), "TOKEN_INVALID", "{what}");
        }
    }
    assert!(edge.stub.seen().is_empty());
    edge.service.anonymous().bearer(&honest).get("/api/users/me").await.expect(200);
}

/// A-4, G-2: gateway and service must not read two different tokens out of one request.
#[tokio::test]
async fn two_tokens_are_none() {
    let edge = Edge::start().await;
    let identity = edge.stage.identity();
    let (ann, ben) = (identity.token(&edge.user("ann")), identity.token(&edge.user("ben")));
    for (first, second) in [(&ann, &ben), (&ann, &ann)] {
        let mut wire = Wire::connect(edge.service.addr()).await;
        wire.request("GET /api/users/me", first, &format!("Authorization: Bearer {second}\r\n")).await;
        assert_eq!(wire.answer().await.status, 401);
    }
    let mut wire = Wire::connect(edge.service.addr()).await;
    wire.request("GET /api/users/me", &ann, "AUTHORIZATION: Basic YTpi\r\n").await;
    assert_eq!(wire.answer().await.status, 401);
    assert!(edge.stub.seen().is_empty());
}

/// G-2: identity headers do not pass in any spelling.
#[tokio::test]
async fn identity_headers_pass_in_no_spelling() {
    let edge = Edge::start().await;
    let token = edge.stage.identity().token(&edge.user("ann"));
    let headers = "X-USER-ID: 1\r\nx-User-Role: admin\r\nX-Forwarded-Access-Token: t\r\nX-Internal-Service: channels\r\n\
        X-Internal: 1\r\nX_User_Id: 1\r\nX-Envoy-Internal: true\r\nConnection: authorization, x-request-id\r\n";
    let mut wire = Wire::connect(edge.service.addr()).await;
    wire.request("GET /api/users/me", &token, headers).await;
    assert_eq!(wire.answer().await.status, 200);
    let seen = edge.stub.only();
    let names: Vec<&str> = seen.headers.iter().map(|(name, _)| name.as_str()).collect();
    let spoken = ["x-user", "x_user", "x-internal", "x-envoy", "x-forwarded-access"];
    assert!(!names.iter().any(|name| spoken.iter().any(|prefix| name.starts_with(prefix))), "{names:?}");
    assert!(seen.all("x-request-id").len() == 1, "the fleet's own stays whatever `Connection` says");
}

/// G-2: what two readers could cut into requests differently is cut by neither (RFC 9112, section 6.3).
#[tokio::test]
async fn a_request_cannot_hide_another() {
    let edge = Edge::start().await;
    let token = edge.stage.identity().token(&edge.user("ann"));
    let hidden = "GET /api/internal/hidden HTTP/1.1\r\nhost: x\r\n\r\n";
    let length = hidden.len();
    let heads = [
        format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"),
        format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n"),
        format!("content-length: {length}\r\ncontent-length: 0\r\n"),
        format!("content-length: 0\r\ncontent-length: {length}\r\n"),
        format!("content-length: +{length}\r\n"),
        "transfer-encoding: xchunked\r\n".to_owned(),
        "transfer-encoding: chunked, identity\r\n".to_owned(),
        "transfer-encoding : chunked\r\n".to_owned(),
        "x: 1\r\n transfer-encoding: chunked\r\n".to_owned(),
    ];
    for head in heads {
        let mut wire = Wire::connect(edge.service.addr()).await;
        let request = format!(
            "POST /api/channels/1 HTTP/1.1\r\nhost: edge.test\r\nauthorization: Bearer {token}\r\n{head}\r\n0\r\n\r\n{hidden}"
        );
        wire.send(&request).await;
        let answer = wire.head().await;
        assert!(matches!(answer.status, 200 | 400 | 401 | 501), "{head:?}: {answer:?}");
    }
    let hidden = |uri: &str| uri.contains("hidden");
    assert!(!edge.stub.seen().iter().any(|seen| hidden(&seen.uri)), "{:?}", edge.stub.seen());
    for seen in edge.stub.seen() {
        let framings = seen.all("content-length").len() + seen.all("transfer-encoding").len();
        assert!(framings <= 1, "one framing goes on: {seen:?}");
    }
}

/// the refresh cookie passes both ways, and the CSRF token with it.
#[tokio::test]
async fn a_cookie_and_its_token_reach_the_service() {
    let edge = Edge::start().await;
    let client = edge.service.anonymous().with_header("cookie", "__Secure-colink_refresh=abc; theme=dark");
    let client = client.with_header("x-csrf-token", "t").with_header("x-refresh-in", "cookie");
    let client =
        client.with_header("origin", "https://chat.test").with_header("sec-fetch-site", "same-origin");
    client.post("/api/auth/refresh", &json!({})).await.expect(200);
    let seen = edge.stub.only();
    assert_eq!(seen.one("cookie"), "__Secure-colink_refresh=abc; theme=dark");
    for (name, value) in
        [("x-csrf-token", "t"), ("origin", "https://chat.test"), ("sec-fetch-site", "same-origin")]
    {
        assert_eq!(seen.one(name), value);
    }
}
