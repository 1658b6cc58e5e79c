//! What the check of an access token costs, without anything around it: CPU time of one thread.

use std::sync::Arc;

use colink_auth::{AuthConfig, Claims, JwkSet, TokenSigner, Verifier};
use colink_core::clock::{Clock, SystemClock};
use colink_core::id::{SessionId, UserId};

use crate::{BenchError, processes};

/// Tokens that are verified for the first time; enough for the clock of `/proc`, which ticks every 10 ms.
const FIRST: usize = 10_000;
/// Times that a remembered token is verified again.
const AGAIN: usize = 200_000;
const ISSUER: &str = "https://bench.test";
const AUDIENCE: &str = "colink";

/// Microseconds of CPU for one check.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Of a token that was not seen before: its signature is checked.
    pub(crate) first_us: f64,
    /// Of a token that was: its hash is looked up.
    pub(crate) again_us: f64,
}

/// Verifies many tokens of one key.
pub(crate) async fn run() -> Result<Cost, BenchError> {
    let signer = TokenSigner::new("bench", &[7; 32])?;
    let config = AuthConfig::new(ISSUER, AUDIENCE, "http://127.0.0.1:9/unused");
    let keys = JwkSet { keys: vec![signer.jwk().clone()] };
    let verifier = Verifier::with_keys(&config, &keys, Arc::new(SystemClock));
    let tokens = (0..FIRST).map(|_| signer.sign(&claims())).collect::<Result<Vec<_>, _>>()?;
    let begin = processes::own_cpu_seconds();
    for token in &tokens {
        check(&verifier, token).await?;
    }
    let middle = processes::own_cpu_seconds();
    for token in tokens.iter().take(1_000).cycle().take(AGAIN) {
        check(&verifier, token).await?;
    }
    let end = processes::own_cpu_seconds();
    let each = |seconds: f64, count: usize| seconds * 1_000_000.0 / count as f64;
    Ok(Cost { first_us: each(middle - begin, FIRST), again_us: each(end - middle, AGAIN) })
}

async fn check(verifier: &Verifier, token: &str) -> Result<(), BenchError> {
    verifier
        .verify(token)
        .await
        .map(drop)
        .map_err(|error| format!("a good token was refused: {error}").into())
}

fn claims() -> Claims {
    let now = SystemClock.now().timestamp();
    Claims {
        iss: ISSUER.to_owned(),
        sub: UserId::generate(&SystemClock),
        aud: AUDIENCE.to_owned(),
        exp: now + 900,
        iat: now,
        nbf: None,
        jti: "0123456789abcdef0123456789abcdef".to_owned(),
        sid: SessionId::generate(&SystemClock),
        email: Some("ada.lovelace@example.test".to_owned()),
        preferred_username: "ada.lovelace".to_owned(),
        name: Some("Ada Lovelace".to_owned()),
        realm_roles: vec!["user".to_owned()],
        mfa_enrolment: false,
        scope: None,
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
    }
}
