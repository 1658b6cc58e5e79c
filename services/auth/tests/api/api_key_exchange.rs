//! What an API key is exchanged for, and by whom it is not.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use colink_auth::ApiKey;
use colink_core::clock::{Clock, SystemClock};
use colink_core::id::SessionId;
use colink_events::users::ApiKeyUsed;
use colink_events::{Envelope, Topic};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api_keys::{PATH, by_key, exchange, exchange_from, make};
use crate::harness::{World, clock, settings};

const TOKEN: &str = "/auth/api-keys/token";
const EXCHANGE: &str = "/internal/api-keys/exchange";

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

async fn metric(world: &World, outcome: &str) -> u64 {
    let text = world.anonymous().get("/metrics").await.expect(200);
    let text = String::from_utf8(text.body.to_vec()).unwrap();
    let label = format!("auth_api_key_exchanges_total{{outcome=\"{outcome}\"");
    let line = text.lines().find(|line| line.starts_with(&label));
    line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

/// the token lives a minute, names the scopes and the secret, and neither address nor realm role.
#[tokio::test]
async fn a_token_says_what_the_key_may() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let key = make(&session.client, &["users:read", "messages:write"]).await.text("/key");
    let answer = world.anonymous().bearer(&key).request(Method::POST, TOKEN).send().await.expect(200);
    assert_eq!((answer.text("/token_type").as_str(), answer.value("/expires_in")), ("Bearer", json!(60)));
    let claims = claims(&answer.text("/access_token"));
    assert_eq!(claims["scope"], "messages:write users:read");
    assert_eq!(claims["amr"], json!(["api_key"]));
    assert_eq!(
        (&claims["sub"], &claims["preferred_username"]),
        (&json!(session.user_id), &json!(ada.username))
    );
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    assert_eq!(claims["sid"], ApiKey::parse(&key).unwrap().id().to_string());
    assert_eq!((claims.get("email"), &claims["realm_roles"]), (None, &json!(["user"])));
}

/// a realm admin's key is one only with the scope for it.
#[tokio::test]
async fn the_realm_role_goes_along_with_its_scope() {
    let world = World::start().await;
    let (ada, _) = world.signed_in("ada").await;
    sqlx::query("update users set realm_roles = '{user,admin}' where username = $1")
        .bind(&ada.username)
        .execute(world.database())
        .await
        .unwrap();
    let root = world.login(&ada).await;
    for (scopes, roles) in [(["users:read"], json!(["user"])), (["admin:*"], json!(["user", "admin"]))] {
        let key = make(&root.client, &scopes).await.text("/key");
        assert_eq!(claims(&exchange(&world, &key).await.unwrap())["realm_roles"], roles);
    }
}

/// no token outlives its key.
#[tokio::test]
async fn an_expired_key_is_refused_to_the_second() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (_, ada) = world.signed_in("ada").await;
    let body = json!({ "name": "x", "scopes": ["users:read"], "expires_in_days": 1 });
    let key = ada.client.post(PATH, &body).await.expect(201).text("/key");
    clock.advance(Duration::from_secs(86_400 - 20));
    let last = claims(&exchange(&world, &key).await.unwrap());
    assert_eq!(last["exp"].as_i64().unwrap() - last["iat"].as_i64().unwrap(), 20);
    clock.advance(Duration::from_secs(20));
    // The job that ends such keys may have been quicker, so it is not asked under which name the refusal was counted.
    assert_eq!(exchange(&world, &key).await, None);
}

/// what is no key costs no look-up; of a wrong one it is not said what is wrong.
#[tokio::test]
async fn wrong_keys_are_refused_alike() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let key = make(&ada.client, &["users:read"]).await.text("/key");
    let mut mistyped = key.clone();
    mistyped.replace_range(40..41, if &key[40..41] == "x" { "y" } else { "x" });
    let real = ApiKey::parse(&key).unwrap();
    let forged = ApiKey::new(real.id(), rand::random()).reveal();
    let unknown = ApiKey::new(SessionId::generate(&SystemClock), rand::random()).reveal();
    let cases =
        [("clk_", "malformed"), (mistyped.as_str(), "malformed"), (&forged, "wrong"), (&unknown, "unknown")];
    let mut answers = Vec::new();
    for (presented, outcome) in cases {
        let before = metric(&world, outcome).await;
        let body = json!({ "key": presented, "ip": "203.0.113.7", "user_agent": null });
        let internal = world.service.internal("gateway").post(EXCHANGE, &body).await.expect(200);
        assert_eq!(internal.value("/access_token"), Value::Null, "{presented}");
        let client = world.anonymous().bearer(presented);
        let answer = client.request(Method::POST, TOKEN).send().await.expect(401);
        answers.push((answer.error_code(), answer.error_message()));
        assert_eq!(metric(&world, outcome).await, before + 2, "{presented}");
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(exchange(&world, &key).await.is_some());
}

/// neither the key nor a token of it counts anywhere but in the header.
#[tokio::test]
async fn a_key_in_a_url_is_no_key() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let key = make(&ada.client, &["users:read"]).await.text("/key");
    for name in ["token", "key", "api_key", "access_token"] {
        let answer = world.anonymous().get(&format!("/users/me?{name}={key}")).await.expect(401);
        assert_eq!(answer.error_code(), "UNAUTHORIZED");
        world.anonymous().post(&format!("{TOKEN}?{name}={key}"), &json!({})).await.expect(401);
    }
    // Services know tokens alone; the gateway exchanges.
    let answer = world.anonymous().bearer(&key).get("/users/me").await.expect(401);
    assert_eq!(answer.error_code(), "TOKEN_INVALID");
    // A person's token is no key, and of two headers none counts.
    world.anonymous().bearer(&ada.access).request(Method::POST, TOKEN).send().await.expect(401);
}

/// whose account is closed, whose bot's owner's account is closed: the key is refused.
#[tokio::test]
async fn the_keys_of_a_closed_account_are_refused() {
    let world = World::start().await;
    for (column, name) in [("suspended_at", "ada"), ("deactivated_at", "eve")] {
        let (_, owner) = world.signed_in(name).await;
        let own = make(&owner.client, &["users:read"]).await.text("/key");
        let bot = crate::bots::make(&world, &owner).await;
        let bots = crate::bots::key(&owner, &bot, &["users:read"]).await;
        for key in [&own, &bots] {
            by_key(&world, key).await.get("/users/me").await.expect(200);
        }
        let query = format!("update users set {column} = now() where id = $1::uuid");
        let update = sqlx::query(sqlx::AssertSqlSafe(query)).bind(&owner.user_id);
        update.execute(world.database()).await.unwrap();
        for key in [&own, &bots] {
            assert_eq!(exchange(&world, key).await, None, "{column}");
        }
    }
    // An erased owner leaves no trace but this: the bot belongs to nobody.
    let (_, owner) = world.signed_in("zoe").await;
    let bot = crate::bots::make(&world, &owner).await;
    let key = crate::bots::key(&owner, &bot, &["users:read"]).await;
    let gone = sqlx::query("delete from bots where user_id = $1::uuid").bind(&bot);
    gone.execute(world.database()).await.unwrap();
    assert_eq!(exchange(&world, &key).await, None);
    assert_eq!(metric(&world, "closed").await, 5);
}

/// wrong keys are limited for a client; its right ones wait as long, other clients do not.
#[tokio::test]
async fn wrong_keys_are_limited_by_client() {
    let world = World::with(settings().set("api_keys.failures_per_ip_per_minute", 3)).await;
    let (_, ada) = world.signed_in("ada").await;
    let key = make(&ada.client, &["users:read"]).await.text("/key");
    let from = |ip: &str| world.anonymous().with_header("x-forwarded-for", ip);
    let wrong = || ApiKey::new(SessionId::generate(&SystemClock), rand::random()).reveal();
    for _ in 0..3 {
        from("203.0.113.1").bearer(&wrong()).request(Method::POST, TOKEN).send().await.expect(401);
    }
    for presented in [wrong(), key.clone()] {
        let client = from("203.0.113.1").bearer(&presented);
        let refused = client.request(Method::POST, TOKEN).send().await.expect(429);
        assert_eq!(refused.error_code(), "RATE_LIMITED");
        assert!(refused.header("retry-after").is_some());
    }
    from("203.0.113.2").bearer(&key).request(Method::POST, TOKEN).send().await.expect(200);
}

/// a use is told once a day and once a network, and written down by the day.
#[tokio::test]
async fn a_use_is_told_once_a_day_and_once_a_network() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let mut probe = world.stage.probe(Topic::Users).await;
    let (_, ada) = world.signed_in("ada").await;
    let made = make(&ada.client, &["users:read"]).await;
    let key = made.text("/key");
    let used = async |ip: &str| assert!(exchange_from(&world, &key, ip).await.is_some());
    for ip in ["203.0.113.7", "203.0.113.7", "2001:db8:1:2::1", "2001:db8:1:2::2", "203.0.113.7"] {
        used(ip).await;
    }
    let parallel = (0..8).map(|_| used("198.51.100.1"));
    futures_util::future::join_all(parallel).await;
    clock.advance(Duration::from_secs(86_400));
    used("203.0.113.7").await;
    used("203.0.113.7").await;

    let today = clock.now().date_naive().to_string();
    let noted: String = sqlx::query_scalar("select last_used_on::text from api_keys where id = $1::uuid")
        .bind(made.text("/id"))
        .fetch_one(world.database())
        .await
        .unwrap();
    assert_eq!(noted, today);
    let is_last = |event: &ApiKeyUsed| event.api_key_id.to_string() == made.text("/id");
    let mut told = Vec::new();
    probe.await_event::<ApiKeyUsed>(|event| is_last(event) && !event.new_address).await;
    for envelope in probe.seen().iter().filter(|envelope| envelope.is::<ApiKeyUsed>()) {
        let event: ApiKeyUsed = envelope.open().unwrap();
        if is_last(&event) {
            let actor = envelope.actor.clone().unwrap();
            assert_eq!((actor.user_id, actor.session_id), (Some(event.user_id), Some(event.session_id)));
            assert_eq!(actor.user_agent.as_deref(), Some("bot/1"));
            told.push((actor.ip.unwrap().to_string(), event.new_address));
        }
    }
    let expected =
        [("203.0.113.7", true), ("2001:db8:1:2::1", true), ("198.51.100.1", true), ("203.0.113.7", false)];
    assert_eq!(told, expected.map(|(ip, new)| (ip.to_owned(), new)));
}

/// Only services exchange keys for others.
#[tokio::test]
async fn only_services_exchange_keys_for_others() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let key = make(&ada.client, &["users:read"]).await.text("/key");
    let body = json!({ "key": key });
    world.anonymous().post(EXCHANGE, &body).await.expect(401);
    ada.client.post(EXCHANGE, &body).await.expect(401);
    by_key(&world, &key).await.post(EXCHANGE, &body).await.expect(401);
    let gateway = world.service.internal("gateway");
    gateway.post(EXCHANGE, &json!({ "key": key, "scopes": "admin:*" })).await.expect(400);
    // The client is the one that the gateway names, not the gateway.
    let mut probe = world.stage.probe(Topic::Users).await;
    let named = json!({ "key": key, "ip": "198.51.100.9", "user_agent": "bot/2" });
    let answer = gateway.post(EXCHANGE, &named).await.expect(200);
    assert_eq!(answer.value("/expires_in"), json!(60));
    let session_id = ApiKey::parse(&key).unwrap().id();
    let of_client = |envelope: &Envelope| {
        let actor = envelope.actor.as_ref();
        let ip = actor.and_then(|actor| actor.ip).map(|ip| ip.to_string());
        envelope.is::<ApiKeyUsed>() && ip.as_deref() == Some("198.51.100.9")
    };
    let actor = probe.await_envelope("the named client", of_client).await.actor.unwrap();
    assert_eq!((actor.user_agent.as_deref(), actor.session_id), (Some("bot/2"), Some(session_id)));
}
