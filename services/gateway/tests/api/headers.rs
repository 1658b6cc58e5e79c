//! What goes on and what stays behind.

use serde_json::json;

use crate::harness::Edge;
use crate::wire::Wire;

/// G-2: a client cannot speak for the fleet, and connection headers end at the gateway.
#[tokio::test]
async fn headers_of_the_fleet_and_of_the_connection_stay_behind() {
    let edge = Edge::start().await;
    let token = edge.stage.identity().token(&edge.user("ann"));
    let mut wire = Wire::connect(edge.service.addr()).await;
    let headers = "x-user-id: 1\r\nX-User-Role: admin\r\nx-forwarded-for: 6.6.6.6\r\nx-forwarded-host: evil.test\r\n\
        x-forwarded-proto: gopher\r\nx-forwarded-user: root\r\nforwarded: for=6.6.6.6;host=evil.test;proto=gopher\r\n\
        x-internal-token: t\r\nx-real-ip: 6.6.6.6\r\nproxy-authorization: p\r\nte: trailers\r\nkeep-alive: 5\r\n\
        connection: keep-alive, X-Private\r\nx-private: 1\r\nx-workspace-id: w\r\nidempotency-key: k\r\n\
        if-match: \"1\"\r\nuser-agent: ua\r\naccept-language: de\r\nx-twice: 1\r\nx-twice: 2\r\n";
    wire.request("GET /api/users/me", &token, headers).await;
    assert_eq!(wire.answer().await.status, 200);
    let seen = edge.stub.only();
    let gone = [
        "x-user-id",
        "x-user-role",
        "x-forwarded-user",
        "forwarded",
        "x-internal-token",
        "x-real-ip",
        "proxy-authorization",
        "te",
        "keep-alive",
        "connection",
        "x-private",
    ];
    for name in gone {
        assert!(seen.all(name).is_empty(), "{name}: {:?}", seen.all(name));
    }
    assert_eq!(seen.one("x-forwarded-for"), "127.0.0.1");
    assert_eq!(seen.one("x-forwarded-host"), "edge.test");
    assert_eq!(seen.one("x-forwarded-proto"), "http");
    for (name, value) in [
        ("x-workspace-id", "w"),
        ("idempotency-key", "k"),
        ("if-match", "\"1\""),
        ("user-agent", "ua"),
        ("accept-language", "de"),
    ] {
        assert_eq!(seen.one(name), value);
    }
    assert_eq!(seen.all("x-twice"), ["1", "2"]);
}

/// G-2: behind an ingress its last hop counts, and nothing a client put before it.
#[tokio::test]
async fn behind_an_ingress_its_word_counts() {
    let edge = Edge::start_with(|settings| settings.set("server.trust_forwarded", true)).await;
    let request = edge.client().request(reqwest::Method::GET, "/api/users/me");
    let request =
        request.header("x-forwarded-for", "6.6.6.6, 192.0.2.7").header("x-forwarded-proto", "https");
    request
        .header("x-forwarded-host", "chat.test")
        .header("forwarded", "host=evil.test")
        .send()
        .await
        .expect(200);
    let seen = edge.stub.only();
    assert_eq!(seen.one("x-forwarded-for"), "192.0.2.7");
    assert_eq!(seen.one("x-forwarded-proto"), "https");
    assert_eq!(seen.one("x-forwarded-host"), "chat.test");
}

/// G-3: a well-formed request id is taken over, any other is replaced; service and client read the same one, once.
#[tokio::test]
async fn a_request_has_one_id_everywhere() {
    let edge = Edge::start().await;
    for (sent, kept) in [(Some("web-1.2_3"), true), (Some("not well formed"), false), (None, false)] {
        // Also when the service names the request differently.
        for path in ["/api/users/me", "/api/files/headers"] {
            let mut request = edge.client().request(reqwest::Method::GET, path);
            if let Some(sent) = sent {
                request = request.header("x-request-id", sent);
            }
            let answer = request.send().await.expect(200);
            let ids: Vec<_> = answer.headers.get_all("x-request-id").iter().collect();
            assert_eq!(ids.len(), 1, "{ids:?}");
            let seen = edge.stub.seen().pop().unwrap();
            assert_eq!(seen.one("x-request-id"), ids[0]);
            assert_eq!(Some(seen.one("x-request-id")) == sent, kept, "{sent:?}");
        }
    }
    let refused = edge.service.anonymous().request(reqwest::Method::GET, "/api/nothing");
    let refused = refused.header("x-request-id", "mine").send().await.expect(404);
    assert_eq!(refused.header("x-request-id"), Some("mine"));
    assert_eq!(refused.json()["meta"]["request_id"], "mine");
}

/// G-3: the trace goes on with the call; a malformed one does not.
#[tokio::test]
async fn the_trace_goes_on() {
    let edge = Edge::start().await;
    let send = async |traceparent: &str| {
        let request = edge.client().request(reqwest::Method::GET, "/api/users/me");
        request.header("traceparent", traceparent).header("tracestate", "a=b").send().await.expect(200);
        edge.stub.seen().pop().unwrap()
    };
    let seen = send("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").await;
    assert!(seen.one("traceparent").starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
    assert_eq!(seen.one("tracestate"), "a=b");
    let seen = send("nonsense").await;
    assert!(!seen.all("traceparent").contains(&"nonsense"));
}

/// G-1: an answer keeps its headers, but for those of the connection and of the fleet.
#[tokio::test]
async fn an_answer_keeps_its_headers() {
    let edge = Edge::start().await;
    let answer = edge.client().get("/api/files/headers").await.expect(200);
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(answer.header("cache-control"), Some("private, max-age=60"));
    for name in ["keep-alive", "x-internal-node", "traceparent"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
}

/// G-1, A-10: a browser on its way to and from an identity provider passes with its cookies, and is sent on as the service
/// says.
#[tokio::test]
async fn a_redirect_and_its_cookies_pass() {
    let edge = Edge::start().await;
    let browser = edge.service.anonymous();
    let request = browser.request(reqwest::Method::GET, "/api/auth/oidc/google/callback?code=a%2Fb&state=s");
    let answer = request.header("cookie", "a=1; __Host-colink-oidc=v").send().await.expect(302);
    assert_eq!(answer.header("location"), Some("https://chat.test/channels#oidc_code=c"));
    let cookie = "__Host-colink-oidc=v; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure";
    assert_eq!(answer.header("set-cookie"), Some(cookie));
    let seen = edge.stub.only();
    assert_eq!(seen.one("cookie"), "a=1; __Host-colink-oidc=v");
    assert_eq!(seen.uri, "/auth/oidc/google/callback?code=a%2Fb&state=s");
}

/// G-5: every answer says how a browser is to treat it, once; with TLS in front also to insist on it.
#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let edge = Edge::start_with(|settings| settings.set("server.hsts", true)).await;
    let client = edge.client();
    let answers = [
        client.get("/api/users/me").await.expect(200),
        client.get("/api/nothing").await.expect(404),
        edge.service.anonymous().get("/api/users/me").await.expect(401),
        client.post("/api/files/missing", &json!({})).await.expect(404),
        client.get("/health").await.expect(200),
    ];
    for answer in answers {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("strict-transport-security", "max-age=63072000; includeSubDomains"),
        ] {
            let values: Vec<_> = answer.headers.get_all(name).iter().collect();
            assert_eq!(values, [value], "{name} of {answer}");
        }
    }
    let plain = Edge::start().await;
    let answer = plain.client().get("/api/users/me").await.expect(200);
    assert_eq!(answer.header("strict-transport-security"), None);
}
