//! The key server: asked rarely, and not missed while it is away.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use colink_auth::{AuthConfig, TokenError};
use colink_core::clock::SystemClock;
use futures_util::future::join_all;

use crate::harness::{KeyServer, claims, signer};

#[actix_web::test]
async fn many_first_requests_make_one_fetch() {
    let signer = signer("k1");
    let server = KeyServer::start(&[signer.jwk()]);
    let verifier = server.verifier(&server.config());
    assert_eq!(server.state.asked(), 0, "nothing is fetched before it is needed");
    let tokens: Vec<_> = (0..50).map(|_| signer.sign(&claims(&SystemClock)).unwrap()).collect();
    let verified = join_all(tokens.iter().map(|token| verifier.verify(token))).await;
    assert!(verified.iter().all(Result::is_ok), "{verified:?}");
    assert_eq!(server.state.asked(), 1);
}

#[actix_web::test]
async fn a_storm_of_unknown_key_ids_makes_one_fetch() {
    let (known, rotated) = (signer("k1"), signer("k2"));
    let server = KeyServer::start(&[known.jwk()]);
    // All calls up to the second look at the count are within one pause, on a busy machine, too.
    let config = AuthConfig { jwks_retry_ms: 3_000, ..server.config() };
    let verifier = server.verifier(&config);
    assert!(verifier.verify(&known.sign(&claims(&SystemClock)).unwrap()).await.is_ok());
    let strangers: Vec<_> =
        (0..200).map(|n| signer(&format!("x{n}")).sign(&claims(&SystemClock)).unwrap()).collect();
    let refused = join_all(strangers.iter().map(|token| verifier.verify(token))).await;
    assert!(refused.iter().all(|outcome| *outcome == Err(TokenError::Invalid)), "{refused:?}");
    assert_eq!(server.state.asked(), 2);
    // A new key is found once the pause is over.
    server.state.publish(&[known.jwk(), rotated.jwk()]);
    let token = rotated.sign(&claims(&SystemClock)).unwrap();
    assert_eq!(verifier.verify(&token).await, Err(TokenError::Invalid));
    assert_eq!(server.state.asked(), 2);
    let found = async {
        while verifier.verify(&token).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.unwrap();
    assert_eq!(server.state.asked(), 3);
}

/// G-8: whoever needs the issuer is told at once; everybody else does not notice.
#[actix_web::test]
async fn while_the_issuer_is_away_known_keys_go_on() {
    let (known, unknown) = (signer("k1"), signer("k2"));
    let server = KeyServer::start(&[known.jwk()]);
    let config = AuthConfig { jwks_refresh_s: 0, jwks_retry_ms: 50, ..server.config() };
    let verifier = server.verifier(&config);
    assert!(verifier.verify(&known.sign(&claims(&SystemClock)).unwrap()).await.is_ok());
    server.stop().await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    let started = Instant::now();
    for _ in 0..20 {
        assert!(verifier.verify(&known.sign(&claims(&SystemClock)).unwrap()).await.is_ok());
    }
    let tokens: Vec<_> = (0..20).map(|_| unknown.sign(&claims(&SystemClock)).unwrap()).collect();
    let outcomes = join_all(tokens.iter().map(|token| verifier.verify(token))).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Err(TokenError::Unavailable)), "{outcomes:?}");
    assert!(started.elapsed() < Duration::from_secs(5), "somebody waited: {:?}", started.elapsed());
}

#[actix_web::test]
async fn a_slow_or_confused_issuer_is_unavailable_in_time() {
    let signer = signer("k1");
    let server = KeyServer::start(&[signer.jwk()]);
    *server.state.delay.lock().unwrap() = Duration::from_secs(30);
    let config = AuthConfig { jwks_retry_ms: 0, jwks_timeout_ms: 1_000, ..server.config() };
    let verifier = server.verifier(&config);
    let token = signer.sign(&claims(&SystemClock)).unwrap();
    let started = Instant::now();
    assert_eq!(verifier.verify(&token).await, Err(TokenError::Unavailable));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    *server.state.delay.lock().unwrap() = Duration::ZERO;
    let huge = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(70_000));
    for body in ["<html>", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"new"}]}"#, &huge] {
        *server.state.body.lock().unwrap() = body.to_owned();
        assert_eq!(verifier.verify(&token).await, Err(TokenError::Unavailable), "{body:.40}");
    }
    server.state.publish(&[signer.jwk()]);
    assert!(verifier.verify(&token).await.is_ok());
}

/// G-8: clients that hang up do not make a fetch each.
#[actix_web::test]
async fn a_fetch_goes_on_without_whoever_asked() {
    let signer = signer("k1");
    let server = KeyServer::start(&[signer.jwk()]);
    *server.state.delay.lock().unwrap() = Duration::from_millis(300);
    let verifier = server.verifier(&AuthConfig { jwks_timeout_ms: 5_000, ..server.config() });
    let token = signer.sign(&claims(&SystemClock)).unwrap();
    for _ in 0..5 {
        drop(tokio::time::timeout(Duration::from_millis(20), verifier.verify(&token)).await);
    }
    assert!(verifier.verify(&token).await.is_ok());
    assert_eq!(server.state.asked(), 1);
}

/// A-4: keys rotate. A key that the issuer took back is believed no longer, remembered tokens included.
#[actix_web::test]
async fn the_set_is_refreshed_beside_the_requests() {
    let (old, new) = (signer("old"), signer("new"));
    let server = KeyServer::start(&[old.jwk()]);
    let config = AuthConfig { jwks_refresh_s: 0, jwks_retry_ms: 0, ..server.config() };
    let verifier = server.verifier(&config);
    let token = old.sign(&claims(&SystemClock)).unwrap();
    assert!(verifier.verify(&token).await.is_ok());
    server.state.publish(&[new.jwk()]);
    let before = server.state.asked.load(Ordering::SeqCst);
    // A token that is not remembered looks at the keys, and starts the refresh.
    assert!(verifier.verify(&old.sign(&claims(&SystemClock)).unwrap()).await.is_ok());
    let forgotten = async {
        while verifier.verify(&token).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), forgotten).await.unwrap();
    assert!(server.state.asked() > before);
    assert!(verifier.verify(&new.sign(&claims(&SystemClock)).unwrap()).await.is_ok());
}
