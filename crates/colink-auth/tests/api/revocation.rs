//! ended sessions, in the real Redis where it is set up (`cargo xtask test` does it).

use std::time::Duration;

use chrono::TimeDelta;
use colink_auth::{Authenticator, Claims, RevocationList, TokenError, Verifier};
use colink_core::clock::{Clock, SystemClock};
use colink_core::id::{EventId, SessionId};
use colink_store::redis::{RedisClient, RedisConfig, connect};
use colink_telemetry::Metrics;

use crate::harness::{AUDIENCE, ISSUER, claims, set, signer, variable};

const LIFETIME: Duration = Duration::from_secs(900);

async fn redis(url: &str) -> RedisClient {
    let prefix = format!("colink-auth-test-{}", EventId::generate(&SystemClock));
    connect(&RedisConfig { prefix, ..RedisConfig::new(url.to_owned().into()) }).await.unwrap()
}

fn list(redis: &RedisClient) -> (RevocationList, Metrics) {
    let metrics = Metrics::new("example").unwrap();
    (RevocationList::new(redis.clone(), &metrics).unwrap(), metrics)
}

#[actix_web::test]
async fn an_ended_session_is_refused_here_at_once_and_elsewhere_within_a_second() {
    let url = variable("COLINK_REDIS_URL")
        .expect("COLINK_REDIS_URL is set, or in .colink/env: run `cargo xtask test`");
    let redis = redis(&url).await;
    let ((here, _), (elsewhere, metrics)) = (list(&redis), list(&redis));
    let (ended, other) = (claims(&SystemClock), claims(&SystemClock));
    assert!(!here.is_revoked(&ended).await && !elsewhere.is_revoked(&ended).await);
    here.revoke_session(ended.sid, LIFETIME).await.unwrap();
    assert!(here.is_revoked(&ended).await);
    let told = async {
        while !elsewhere.is_revoked(&ended).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // The second, and the patience that a busy machine takes.
    tokio::time::timeout(Duration::from_secs(5), told).await.unwrap();
    assert!(!elsewhere.is_revoked(&other).await);
    assert!(metrics.render().contains("auth_revocation_unchecked_total{service=\"example\"} 0"));
}

#[actix_web::test]
async fn ending_all_sessions_spares_those_that_begin_afterwards() {
    let url = variable("COLINK_REDIS_URL")
        .expect("COLINK_REDIS_URL is set, or in .colink/env: run `cargo xtask test`");
    let (list, _) = list(&redis(&url).await);
    let before = claims(&SystemClock);
    assert!(!list.is_revoked(&before).await);
    let end = SystemClock.now();
    list.revoke_user(before.sub, end, LIFETIME).await.unwrap();
    assert!(list.is_revoked(&before).await);
    // The same second, so the token's own `iat` could not tell.
    let later = colink_core::clock::ManualClock::new(end + TimeDelta::milliseconds(2));
    let after = Claims { sid: SessionId::generate(&later), ..before.clone() };
    assert!(!list.is_revoked(&after).await);
    let other = claims(&SystemClock);
    assert!(!list.is_revoked(&other).await);
}

#[actix_web::test]
async fn a_list_entry_ends_with_the_last_token() {
    let url = variable("COLINK_REDIS_URL")
        .expect("COLINK_REDIS_URL is set, or in .colink/env: run `cargo xtask test`");
    let redis = redis(&url).await;
    let (list, _) = list(&redis);
    let ended = claims(&SystemClock);
    list.revoke_session(ended.sid, LIFETIME).await.unwrap();
    let key = redis.key(&["revoked", "session", &ended.sid.to_string()]);
    let lives: i64 = redis::cmd("TTL").arg(key).query_async(&mut redis.connection()).await.unwrap();
    assert!((890..=901).contains(&lives), "{lives}");
}

/// While Redis is away sessions pass, quickly, and are counted.
#[actix_web::test]
async fn without_redis_sessions_pass_and_are_counted() {
    let (list, metrics) = list(&redis("redis://127.0.0.1:1").await);
    let signer = signer("k1");
    let config = colink_auth::AuthConfig::new(ISSUER, AUDIENCE, "http://127.0.0.1:1");
    let verifier = Verifier::with_keys(&config, &set(&[&signer]), SystemClock::shared());
    let authenticator = Authenticator::new(verifier, Some(list.clone()));
    let started = std::time::Instant::now();
    for _ in 0..50 {
        let token = signer.sign(&claims(&SystemClock)).unwrap();
        assert!(authenticator.authenticate(&token).await.is_ok());
    }
    // Had each waited for Redis, it would be 50 times 250 ms.
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert!(metrics.render().contains("auth_revocation_unchecked_total{service=\"example\"} 50"));
    assert!(list.revoke_session(claims(&SystemClock).sid, LIFETIME).await.is_err());
}

#[actix_web::test]
async fn a_revoked_token_is_refused_by_the_authenticator() {
    let url = variable("COLINK_REDIS_URL")
        .expect("COLINK_REDIS_URL is set, or in .colink/env: run `cargo xtask test`");
    let (list, _) = list(&redis(&url).await);
    let signer = signer("k1");
    let config = colink_auth::AuthConfig::new(ISSUER, AUDIENCE, "http://127.0.0.1:1");
    let verifier = Verifier::with_keys(&config, &set(&[&signer]), SystemClock::shared());
    let authenticator = Authenticator::new(verifier, Some(list.clone()));
    let claims = claims(&SystemClock);
    let token = signer.sign(&claims).unwrap();
    assert!(authenticator.authenticate(&token).await.is_ok());
    list.revoke_session(claims.sid, LIFETIME).await.unwrap();
    assert_eq!(authenticator.authenticate(&token).await, Err(TokenError::Revoked));
}

/// a session that is used is noted, once a minute, and one that is only looked at or has ended is not.
#[actix_web::test]
async fn a_session_in_use_is_noted() {
    let url = variable("COLINK_REDIS_URL")
        .expect("COLINK_REDIS_URL is set, or in .colink/env: run `cargo xtask test`");
    let (list, _) = list(&redis(&url).await);
    let (used, idle) = (claims(&SystemClock), claims(&SystemClock));
    let now = colink_core::time::Timestamp::from(SystemClock.now());
    let now = chrono::DateTime::from_timestamp_millis(now.as_millis()).unwrap();
    assert!(!list.observe(&used, now).await && !list.is_revoked(&idle).await);
    assert_eq!(list.last_seen(&[used.sid, idle.sid]).await.unwrap(), [Some(now), None]);
    assert!(!list.observe(&used, now + TimeDelta::seconds(30)).await, "the same minute of this process");
    assert_eq!(list.last_seen(&[used.sid]).await.unwrap(), [Some(now)]);
    assert!(list.last_seen(&[]).await.unwrap().is_empty());
}
