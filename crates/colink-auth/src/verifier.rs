//! [`Verifier`]: an access token in, its claims out.
//!
//! Checked: the signature by a key of the issuer, with the algorithm the key is for; `iss`, `aud`, `exp`,
//! `nbf`, `iat` against the injected clock; that no extension is asked for that is not known here. A token that
//! was verified is remembered by its SHA-256, so that its next request costs a hash and no signature; its
//! times are compared again each time.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use colink_core::clock::SharedClock;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, Header};
use sha2::{Digest, Sha256};

use crate::cache::Cache;
use crate::claims::Claims;
use crate::config::AuthConfig;
use crate::jwks::Jwks;
use crate::keys::{Expected, Key, KeySet};
use crate::token::TokenError;

/// Longest token that is looked at, in bytes.
const TOKEN_MAX: usize = 8 * 1024;
/// Verified tokens that are remembered.
const REMEMBERED: usize = 20_000;

type Verified = Cache<[u8; 32], Arc<Claims>>;

/// Verifies access tokens. Cheap to clone; clones share keys and memory.
#[derive(Debug, Clone)]
pub struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keys: Keys,
    expected: Expected,
    leeway_s: i64,
    clock: SharedClock,
    verified: Arc<Verified>,
}

#[derive(Debug)]
enum Keys {
    Fetched(Jwks),
    Given(RwLock<Arc<KeySet>>),
}

impl Verifier {
    /// Takes the keys from `config.jwks_url`, fetched with `http` when the first token comes.
    #[must_use]
    pub fn new(config: &AuthConfig, http: reqwest::Client, clock: SharedClock) -> Self {
        let verified = Arc::new(Cache::new(REMEMBERED));
        let forget = Arc::clone(&verified);
        let jwks = Jwks::new(config, http, expected(config), move || forget.clear());
        Self::build(config, Keys::Fetched(jwks), verified, clock)
    }

    /// Takes the keys as given: for the issuer itself, and for tests. `config.jwks_url` is not used.
    #[must_use]
    pub fn with_keys(config: &AuthConfig, keys: &JwkSet, clock: SharedClock) -> Self {
        let keys = KeySet::of_jwks(keys, &expected(config));
        Self::build(config, Keys::Given(RwLock::new(Arc::new(keys))), Arc::new(Cache::new(REMEMBERED)), clock)
    }

    fn build(config: &AuthConfig, keys: Keys, verified: Arc<Verified>, clock: SharedClock) -> Self {
        let leeway_s = i64::try_from(config.leeway_s).unwrap_or(i64::MAX / 4);
        Self(Arc::new(Inner { keys, expected: expected(config), leeway_s, clock, verified }))
    }

    /// Replaces the keys of a verifier made by [`Self::with_keys`]; one that fetches keeps fetching.
    pub fn set_keys(&self, keys: &JwkSet) {
        if let Keys::Given(given) = &self.0.keys {
            let keys = Arc::new(KeySet::of_jwks(keys, &self.0.expected));
            *given.write().unwrap_or_else(PoisonError::into_inner) = keys;
            self.0.verified.clear();
        }
    }

    /// The claims of a valid token.
    ///
    /// # Errors
    /// [`TokenError`]; the reason in detail is logged at `debug`.
    pub async fn verify(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        if token.is_empty() {
            return Err(TokenError::Missing);
        }
        if token.len() > TOKEN_MAX {
            return Err(invalid("it is too long"));
        }
        let name: [u8; 32] = Sha256::digest(token).into();
        if let Some(claims) = self.0.verified.get(&name) {
            return self.check_times(&claims).map(|()| claims);
        }
        let key = self.key_of(token).await?;
        let claims = Arc::new(key.read(token).map_err(|error| invalid(&error.to_string()))?);
        self.check_times(&claims)?;
        self.0.verified.insert(name, Arc::clone(&claims));
        Ok(claims)
    }

    /// Whether the token was verified before, so that it costs no signature to verify it.
    #[must_use]
    pub fn remembers(&self, token: &str) -> bool {
        token.len() <= TOKEN_MAX && self.0.verified.get(&Sha256::digest(token).into()).is_some()
    }

    async fn key_of(&self, token: &str) -> Result<Arc<Key>, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|error| invalid(&error.to_string()))?;
        let Header { alg, kid: Some(kid), crit: None, .. } = header else {
            return Err(invalid("it has no key id, or needs an extension"));
        };
        // Before any key is asked for: a forged header must not cost a fetch.
        if !matches!(alg, Algorithm::EdDSA | Algorithm::ES256) {
            return Err(invalid("its algorithm is not allowed"));
        }
        let key = match &self.0.keys {
            Keys::Fetched(jwks) => jwks.key(&kid).await?,
            Keys::Given(given) => {
                let keys = Arc::clone(&given.read().unwrap_or_else(PoisonError::into_inner));
                keys.get(&kid).ok_or_else(|| invalid("its key is not known"))?
            }
        };
        if key.algorithm() == alg { Ok(key) } else { Err(invalid("its key is for another algorithm")) }
    }

    /// The time by which tokens are judged.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    fn check_times(&self, claims: &Claims) -> Result<(), TokenError> {
        let now = self.0.clock.now().timestamp();
        let latest = now.saturating_add(self.0.leeway_s);
        if claims.exp.saturating_add(self.0.leeway_s) <= now {
            return Err(TokenError::Expired);
        }
        if claims.nbf.is_some_and(|nbf| nbf > latest) || claims.iat > latest {
            return Err(invalid("it is from the future"));
        }
        Ok(())
    }
}

fn expected(config: &AuthConfig) -> Expected {
    Expected { issuer: config.issuer.clone(), audience: config.audience.clone() }
}

pub(crate) fn invalid(reason: &str) -> TokenError {
    tracing::debug!(reason, "a token was refused");
    TokenError::Invalid
}
