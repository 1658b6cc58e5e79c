//! The first check of every access token.

use serde_json::json;

use crate::harness::Edge;

/// G-2: without a valid token the answer is 401, and no service is asked.
#[tokio::test]
async fn a_call_without_a_valid_token_reaches_no_service() {
    let edge = Edge::start().await;
    let user = edge.user("ann");
    let identity = edge.stage.identity();
    let valid = identity.token(&user);
    let mut tampered = valid.clone();
    tampered.replace_range(valid.len() - 8.., "AAAAAAAA");
    let cases = [
        (identity.mint(&user).expired().sign(), "TOKEN_EXPIRED"),
        (identity.mint(&user).other_key().sign(), "TOKEN_INVALID"),
        (identity.mint(&user).unknown_kid().sign(), "TOKEN_INVALID"),
        (identity.mint(&user).audience("another").sign(), "TOKEN_INVALID"),
        (identity.mint(&user).issuer("https://another.test").sign(), "TOKEN_INVALID"),
        (identity.mint(&user).claim("sub", serde_json::Value::Null).sign(), "TOKEN_INVALID"),
        (identity.mint(&user).unsigned(), "TOKEN_INVALID"),
        (tampered, "TOKEN_INVALID"),
        ("nonsense".to_owned(), "TOKEN_INVALID"),
    ];
    for (token, code) in cases {
        let answer = edge.service.anonymous().bearer(&token).get("/api/users/me").await.expect(401);
        assert_eq!(answer.error_code(), code, "{token}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
    for header in [None, Some("Basic YTpi"), Some("Bearer"), Some("Bearer ")] {
        let client = edge.service.anonymous();
        let client = header.map_or(client.clone(), |value| client.with_header("authorization", value));
        let answer = client.post("/api/channels/1/messages", &json!({"content": "x"})).await.expect(401);
        assert_eq!(answer.error_code(), "UNAUTHORIZED", "{header:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    assert!(edge.stub.seen().is_empty());
}

/// G-2: the service gets the token as the client sent it.
#[tokio::test]
async fn the_token_goes_on_unchanged() {
    let edge = Edge::start().await;
    let token = edge.stage.identity().token(&edge.user("ann"));
    edge.service.anonymous().bearer(&token).get("/api/users/me").await.expect(200);
    assert_eq!(edge.stub.only().one("authorization"), format!("Bearer {token}"));
}

/// G-2: public calls need no token, and a bad one is left to the service.
#[tokio::test]
async fn public_calls_need_no_token() {
    let edge = Edge::start().await;
    let anonymous = edge.service.anonymous();
    for path in ["register", "verify-email", "resend-verification", "login", "refresh"] {
        anonymous.post(&format!("/api/auth/{path}"), &json!({})).await.expect(200);
    }
    anonymous.bearer("nonsense").post("/api/auth/refresh", &json!({})).await.expect(200);
    assert_eq!(edge.stub.seen().len(), 6);
}
