//! What attackers try against the whole fleet: at the gateway and at each service behind it.

use std::collections::BTreeSet;

use colink_test::{Client, Stage, forgeries, unique};
use reqwest::Method;
use serde_json::{Value, json};

use crate::cast::{PASSWORD, sign_up_as};
use crate::company::{open, plan};

/// Each node with a call that asks for a user's token.
const NODES: [(&str, &str); 9] = [
    ("gateway", "/api/users/me"),
    ("auth", "/auth/me"),
    ("channels", "/workspaces"),
    ("messaging", "/unreads"),
    ("presence", "/presence?user_ids=018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a"),
    ("presence-2", "/presence?user_ids=018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a"),
    ("files", "/files?channel_id=018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a"),
    ("search", "/search?q=plans"),
    ("admin", "/admin/audit-log"),
];

/// A-4, G-2: no node believes a forged token, two tokens, or a header that says who is asking.
#[tokio::test(flavor = "multi_thread")]
async fn no_node_believes_a_forgery() {
    let mut company = open(plan(&Stage::with_own_topics())).await;
    let honest = company.alice.token.clone();
    let jwks = company.fleet.client("gateway").get("/.well-known/jwks.json").await.expect(200).json();
    let forged = forgeries(&honest, &jwks);
    for (name, path) in NODES {
        let node = company.fleet.client(name);
        node.get(path).await.expect(401);
        for header in
            ["x-user-id", "x-forwarded-user", "x-internal-token", "x-internal-service", "remote-user"]
        {
            node.with_header(header, &company.alice.id).get(path).await.expect(401);
        }
        let twice = node.request(Method::GET, path).header("authorization", &format!("Bearer {honest}"));
        twice.header("authorization", &format!("Bearer {}", company.bob.token)).send().await.expect(401);
        for (what, token) in &forged {
            let answer = node.bearer(token).get(path).await.expect(401);
            assert_eq!(answer.error_code(), "TOKEN_INVALID", "{name}: {what}");
        }
        let status = node.bearer(&honest).get(path).await.status.as_u16();
        assert_ne!(status, 401, "{name} believes the honest one");
    }
    internal_is_not_for_users(&mut company.fleet, &honest).await;
}

/// G-2: what services ask each other is answered to no user, at no port.
async fn internal_is_not_for_users(fleet: &mut colink_test::Fleet, token: &str) {
    let lookup = json!({"ids": []});
    fleet.client("auth").bearer(token).post("/internal/users/lookup", &lookup).await.expect(401);
    for path in ["/internal/users/lookup", "/api/internal/users/lookup"] {
        fleet.client("gateway").bearer(token).post(path, &lookup).await.expect(404);
    }
}

fn cookie(answer: &colink_test::Answer) -> String {
    let set = answer.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {answer}"));
    set.split(';').next().unwrap().to_owned()
}

/// A-5, G-5: a browser's session through the gateway: the cookie goes both ways, foreign pages get nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_signs_in_through_the_gateway() {
    let mut company = open(plan(&Stage::with_own_topics())).await;
    let email = format!("dora-{}@journey.test", unique());
    sign_up_as(&mut company.fleet, &format!("dora-{}", unique()), &email).await;
    let gateway = company.fleet.client("gateway");
    let page = gateway.with_header("sec-fetch-site", "same-origin").with_header("x-refresh-in", "cookie");
    let login = json!({"email": email, "password": PASSWORD});
    let first = page.post("/api/auth/login", &login).await.expect(200);
    assert_eq!(first.value("/refresh_token"), Value::Null);
    let with = |client: &Client, cookie: &str| {
        client.with_header("cookie", cookie).with_header("x-csrf-token", &first.text("/csrf_token"))
    };
    let evil = gateway.with_header("sec-fetch-site", "cross-site").with_header("origin", "https://evil.test");
    let refused = with(&evil, &cookie(&first)).post("/api/auth/refresh", &json!({})).await.expect(403);
    assert_eq!(refused.header("access-control-allow-origin"), None);

    let mut seen = BTreeSet::from([cookie(&first)]);
    let mut newest = first.clone();
    for _ in 0..3 {
        newest = with(&page, &cookie(&newest)).post("/api/auth/refresh", &json!({})).await.expect(200);
        assert!(seen.insert(cookie(&newest)), "each use gives a new one");
        gateway.bearer(&newest.text("/access_token")).get("/api/users/me/workspaces").await.expect(200);
    }
    let page = gateway.bearer(&newest.text("/access_token")).with_header("cookie", &cookie(&newest));
    let left = page.post("/api/auth/logout", &json!({})).await.expect(204);
    assert!(left.header("set-cookie").unwrap().contains("Max-Age=0"));
    with(&gateway, &cookie(&newest)).post("/api/auth/refresh", &json!({})).await.expect(401);
}
