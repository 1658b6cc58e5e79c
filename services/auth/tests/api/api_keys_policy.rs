//! API keys of people who must have a second factor.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::api_keys::{by_key, exchange, make};
use crate::bots;
use crate::harness::World;
use crate::mfa_harness::{Timed, claims};

/// a key is no way around the policy, that of a bot neither; with a factor of its owner both go on.
#[tokio::test]
async fn keys_of_somebody_without_a_factor_open_nothing() {
    let timed = Timed::start().await;
    let world = &timed.world;
    let (_, boss) = timed.admin("boss").await;
    let (ada, session) = world.signed_in("ada").await;
    let own = make(&session.client, &["users:read"]).await.text("/key");
    let bot = bots::make(world, &session).await;
    let bots = bots::key(&session, &bot, &["users:read"]).await;
    let policy = json!({"required_for_realm_roles": ["user"], "grace_hours": 1});
    boss.client.put("/auth/mfa-policy", &policy).await.expect(200);
    for key in [&own, &bots] {
        by_key(world, key).await.get("/users/me").await.expect(200);
    }

    timed.clock.advance(Duration::from_secs(3600));
    for key in [&own, &bots] {
        let client = world.anonymous().bearer(key);
        let refused = client.request(Method::POST, "/auth/api-keys/token").send().await.expect(401);
        assert_eq!(refused.error_code(), "MFA_REQUIRED");
    }

    timed.enrol(&world.login(&ada).await).await;
    for key in [&own, &bots] {
        by_key(world, key).await.get("/users/me").await.expect(200);
    }
}

/// a workspace that asks for a second factor admits the keys of whoever has one, and those of his bots: a bot
/// could never have one itself.
#[tokio::test]
async fn a_key_counts_as_proven_like_whoever_answers_for_it() {
    let timed = Timed::start().await;
    let world = &timed.world;
    let (ada, session) = world.signed_in("ada").await;
    let own = make(&session.client, &["users:read"]).await.text("/key");
    let bot = bots::make(world, &session).await;
    let bots = bots::key(&session, &bot, &["users:read"]).await;
    for (key, amr) in [(&own, json!(["api_key"])), (&bots, json!(["api_key"]))] {
        assert_eq!(claims(&exchange(world, key).await.unwrap())["amr"], amr);
    }
    timed.enrol(&world.login(&ada).await).await;
    for key in [&own, &bots] {
        assert_eq!(claims(&exchange(world, key).await.unwrap())["amr"], json!(["api_key", "mfa"]));
        let client = by_key(world, key).await;
        client.post("/auth/mfa/totp/disable", &json!({ "code": "000000" })).await.expect(403);
    }
}

/// keys of people whom the policy does not bind are none of its business.
#[tokio::test]
async fn a_policy_binds_the_keys_of_its_roles_alone() {
    let timed = Timed::start().await;
    let world = &timed.world;
    let (_, boss) = timed.admin("boss").await;
    let (_, ada) = world.signed_in("ada").await;
    let (bosses, adas) =
        (make(&boss.client, &["users:read"]).await, make(&ada.client, &["users:read"]).await);
    let bot = bots::make(world, &boss).await;
    let bot = bots::key(&boss, &bot, &["users:read"]).await;
    let policy = json!({"required_for_realm_roles": ["admin"], "grace_hours": 0});
    boss.client.put("/auth/mfa-policy", &policy).await.expect(200);
    by_key(world, &adas.text("/key")).await.get("/users/me").await.expect(200);
    for key in [bosses.text("/key"), bot] {
        let client = world.anonymous().bearer(&key);
        let refused = client.request(Method::POST, "/auth/api-keys/token").send().await.expect(401);
        assert_eq!(refused.error_code(), "MFA_REQUIRED");
    }
}

/// the gateway sends a token on, which every service refuses for that reason.
#[tokio::test]
async fn the_token_of_such_a_key_opens_nothing() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let key = make(&ada.client, &["users:read", "users:write"]).await.text("/key");
    let strict = "insert into mfa_policy (required_for_realm_roles, grace_hours, effective_at, updated_at)
                  values ('{user}', 0, now(), now())";
    sqlx::query(strict).execute(world.database()).await.unwrap();
    let exchange = world.service.internal("gateway");
    let answer = exchange.post("/internal/api-keys/exchange", &json!({ "key": key })).await.expect(200);
    let client = world.anonymous().bearer(&answer.text("/access_token"));
    for (method, path) in [(Method::GET, "/users/me"), (Method::POST, "/users/me/status")] {
        let refused = client.request(method, path).json(&json!({ "text": "x" })).send().await.expect(401);
        assert_eq!(refused.error_code(), "MFA_REQUIRED", "{path}");
    }
    client.post("/auth/mfa/totp/setup", &json!({})).await.expect(403);
}
