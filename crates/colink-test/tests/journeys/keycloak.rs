//! Somebody who is signed in at the real Keycloak, and a program of hers that calls with its access token alone.

use std::time::Duration;

use colink_test::{Client, Keycloak, Stage, Visitor, eventually, unique};
use reqwest::Method;
use serde_json::json;

use crate::company::{open, plan};

/// Every service must know that a session is over within this time.
const AT_ONCE: Duration = Duration::from_secs(2);
const PROVIDER: &str = "oidc.providers.keycloak";

/// where the gateway trusts the realm, its token for `colink-api` opens auth, channels and messaging, as the account that
/// its bearer has here, until the session of it is ended.
#[tokio::test(flavor = "multi_thread")]
async fn keycloaks_access_token_opens_the_fleet() {
    let Some(keycloak) = Keycloak::find().await else { return };
    let mut plan = plan(&Stage::with_own_topics()).set("provider_tokens.issuers", &keycloak.issuer());
    for (key, value) in [
        ("kind", "keycloak"),
        ("issuer", &keycloak.issuer()),
        ("client_id", "colink-api"),
        ("client_secret", "colink-dev-only"),
        ("jit", "true"),
        ("trusts_email", "true"),
        ("exchange_audience", "colink-api"),
    ] {
        plan = plan.set_of("auth", &format!("{PROVIDER}.{key}"), value);
    }
    let mut company = open(plan.set_of("auth", "mail.public_url", &keycloak.public_url().await)).await;
    let gateway = company.fleet.client("gateway");
    let mut ada = keycloak.visitor(&format!("ada.{}", unique())).await;
    let id = sign_in(&gateway, &mut ada).await;

    let program = gateway.bearer(&ada.in_another_browser().access_token().await);
    assert_eq!(program.get("/api/auth/me").await.expect(200).text("/id"), id);
    let alice = &company.alice;
    let invites = format!("/api/workspaces/{}/invites", company.workspace);
    let invite = alice.api.post(&invites, &json!({"role": "member"})).await.expect(201);
    program.post(&format!("/api/invites/{}/accept", invite.text("/token")), &json!({})).await.expect(200);
    let mine = program.get("/api/users/me/workspaces").await.expect(200);
    assert_eq!(mine.text("/items/0/id"), company.workspace);
    let members = format!("/api/channels/{}/members", company.channel);
    alice.api.post(&members, &json!({ "user_id": id })).await.expect(200);
    let messages = format!("/api/channels/{}/messages", company.channel);
    let posted = program.post(&messages, &json!({"content": "by Keycloak's leave"})).await.expect(201);
    assert_eq!(posted.text("/author/id"), id);

    program.post("/api/auth/logout", &json!({})).await.expect(204);
    for path in ["/api/auth/me", &messages] {
        eventually("the session is over", AT_ONCE, async || {
            (program.get(path).await.status == 401).then_some(())
        })
        .await;
    }
}

/// Signs in here through Keycloak's pages: whose account it is.
async fn sign_in(gateway: &Client, visitor: &mut Visitor) -> String {
    let begun = gateway.get("/api/auth/oidc/keycloak/start?mode=json").await.expect(200);
    let cookie = begun.header("set-cookie").and_then(|cookie| cookie.split(';').next()).unwrap();
    let browser = gateway.with_header("cookie", cookie);
    let back = visitor.sign_in(&begun.text("/authorization_url")).await;
    let (_, query) = back.split_once('?').unwrap();
    let ended = browser.get(&format!("/api/auth/oidc/keycloak/callback?{query}")).await.expect(200);
    let exchange = browser.request(Method::POST, "/api/auth/oidc/token");
    exchange.json(&json!({ "code": ended.text("/code") })).send().await.expect(200).text("/user/id")
}
