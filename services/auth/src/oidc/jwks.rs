//! An issuer's published keys, fetched when they are needed and kept while the issuer is away.
//!
//! A key that is known is answered at once, also when the set is due for a refresh: that happens beside. For one that is not
//! known all share a fetch, and for a while after it unknown ids are refused without another, because anybody can write an id
//! into a header. A fetch goes on when whoever asked for it has given up waiting: one that comes to nothing is noticed, and the
//! next who ask are told so at once. `colink_auth` has the same rule for our own keys.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::Algorithm;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::keys::{KeySet, VerifyingKey};
use super::transport::{Transport, TransportError};

/// How long a set is used without looking for a newer one.
const FRESH: Duration = Duration::from_secs(600);
/// How long a set is used while no newer one can be had. Tokens that providers sign live for minutes.
const KEPT: Duration = Duration::from_secs(4 * 3600);
/// How long there is no other fetch after one for an unknown id, and after one that failed.
const RETRY: Duration = Duration::from_secs(10);
const RETRY_FAILED: Duration = Duration::from_secs(2);

/// The keys at a URL.
#[derive(Debug)]
pub(crate) struct Jwks {
    url: String,
    known: RwLock<Known>,
    /// Held by whoever fetches. None before the first set came, and after it: the first unknown id may be newer than that.
    last: Arc<Mutex<Option<Attempt>>>,
}

#[derive(Debug, Clone, Default)]
struct Known {
    keys: Arc<KeySet>,
    since: Option<Instant>,
}

#[derive(Debug)]
struct Attempt {
    at: Instant,
    error: Option<Arc<TransportError>>,
}

impl Attempt {
    /// Whether it is too early for another one.
    fn is_recent(&self) -> bool {
        self.at.elapsed() < if self.error.is_some() { RETRY_FAILED } else { RETRY }
    }
}

impl Known {
    fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<Arc<VerifyingKey>> {
        self.since.filter(|since| since.elapsed() < KEPT).and_then(|_| self.keys.find(kid, algorithm))
    }

    fn is_due(&self) -> bool {
        self.since.is_none_or(|since| since.elapsed() >= FRESH)
    }
}

impl Jwks {
    pub(crate) fn new(url: String) -> Self {
        Self { url, known: RwLock::default(), last: Arc::default() }
    }

    /// Where they are.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The key with this id; `None` when the issuer has none.
    ///
    /// # Errors
    /// [`TransportError`] when the key is not known and cannot be asked for.
    pub(crate) async fn key(
        self: &Arc<Self>,
        transport: &Transport,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Arc<VerifyingKey>>, TransportError> {
        let known = self.known();
        let Some(key) = known.find(kid, algorithm) else {
            return self.fetch_for(transport, kid, algorithm).await;
        };
        if known.is_due() {
            self.refresh_beside(transport);
        }
        Ok(Some(key))
    }

    async fn fetch_for(
        self: &Arc<Self>,
        transport: &Transport,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Arc<VerifyingKey>>, TransportError> {
        let last = Arc::clone(&self.last).lock_owned().await;
        // Whoever held the lock may have brought the key.
        if let Some(key) = self.known().find(kid, algorithm) {
            return Ok(Some(key));
        }
        if last.as_ref().is_some_and(Attempt::is_recent) {
            drop(last);
        } else {
            self.begin(transport, last);
        }
        let error = self.last.lock().await.as_ref().and_then(|attempt| attempt.error.clone());
        match (self.known().find(kid, algorithm), error) {
            (Some(key), _) => Ok(Some(key)),
            (None, Some(error)) => Err(TransportError::Earlier(error)),
            (None, None) => Ok(None),
        }
    }

    fn refresh_beside(self: &Arc<Self>, transport: &Transport) {
        let Ok(last) = Arc::clone(&self.last).try_lock_owned() else { return };
        if !last.as_ref().is_some_and(Attempt::is_recent) {
            self.begin(transport, last);
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "ends by itself within the transport's timeout; a failure is logged and tried again"
    )]
    fn begin(self: &Arc<Self>, transport: &Transport, last: OwnedMutexGuard<Option<Attempt>>) {
        tokio::spawn(Arc::clone(self).fetch(transport.clone(), last));
    }

    async fn fetch(self: Arc<Self>, transport: Transport, mut last: OwnedMutexGuard<Option<Attempt>>) {
        let fetched = self.read(&transport).await;
        let at = Instant::now();
        *last = match fetched {
            Ok(keys) => {
                let is_first = self.replace(keys, at);
                (!is_first).then_some(Attempt { at, error: None })
            }
            Err(error) => {
                let url = self.url.as_str();
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    url,
                    "a provider's keys were not fetched"
                );
                Some(Attempt { at, error: Some(Arc::new(error)) })
            }
        };
    }

    async fn read(&self, transport: &Transport) -> Result<KeySet, TransportError> {
        KeySet::read(&transport.get(&self.url, None).await?.ok()?)
    }

    /// Says whether there was no set before.
    fn replace(&self, keys: KeySet, at: Instant) -> bool {
        let newer = Known { keys: Arc::new(keys), since: Some(at) };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *known, newer).since.is_none()
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oidc::transport::Reach;

    fn known_since(since: Instant) -> Arc<Jwks> {
        let jwks = Jwks::new("http://127.0.0.1:1/keys".to_owned());
        // The key of RFC 8037, appendix A.
        let key = json!({
            "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        });
        assert!(jwks.replace(KeySet::of(vec![key]), since));
        Arc::new(jwks)
    }

    fn transport() -> Transport {
        let config = "timeout_ms = 1000\nallow_http = false\nallow_private_addresses = false";
        Transport::new(&toml::from_str(config).unwrap(), Reach::Installation).unwrap()
    }

    /// keys that are due for a refresh are used while their issuer is away, and not for ever; an unknown one is not
    /// called unknown then.
    #[tokio::test]
    async fn known_keys_are_used_while_the_issuer_is_away() {
        let (now, transport) = (Instant::now(), transport());
        let find = async |jwks: &Arc<Jwks>, kid| jwks.key(&transport, Some(kid), Algorithm::EdDSA).await;
        let jwks = known_since(now - FRESH);
        for _ in 0..3 {
            assert!(find(&jwks, "ed").await.unwrap().is_some());
            assert!(find(&jwks, "unknown").await.is_err_and(|error| error.is_outage()));
        }
        assert!(find(&known_since(now - KEPT), "ed").await.is_err_and(|error| error.is_outage()));
    }
}
