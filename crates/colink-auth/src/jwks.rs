//! The issuer's keys: which are fetched and how, and what a change of them does. When is the [`KeyCache`]'s.

use std::sync::Arc;
use std::time::Duration;

use crate::config::AuthConfig;
use crate::key_cache::{KeyCache, KeySource, KeyTimes};
use crate::keys::{Expected, Key, KeySet};
use crate::token::TokenError;

/// Longest set that is read, in bytes.
const SET_MAX: usize = 64 * 1024;

/// Keys from a URL.
#[derive(Debug)]
pub(crate) struct Jwks(KeyCache<Issuer>);

#[derive(Debug)]
struct Issuer {
    url: String,
    http: reqwest::Client,
    expected: Expected,
    timeout: Duration,
    on_loss: OnLoss,
}

struct OnLoss(Box<dyn Fn() + Send + Sync>);

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("the issuer cannot be reached")]
    Http(#[from] reqwest::Error),
    #[error("the set is not readable")]
    Json(#[from] serde_json::Error),
    #[error("the set is longer than {SET_MAX} bytes")]
    TooLong,
    #[error("the set has no usable key")]
    Empty,
}

impl Jwks {
    /// Keys from `config.jwks_url`. `on_loss` is called when a known key was changed or taken back.
    pub(crate) fn new(
        config: &AuthConfig,
        http: reqwest::Client,
        expected: Expected,
        on_loss: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let (url, timeout) = (config.jwks_url.clone(), config.jwks_timeout());
        let issuer = Issuer { url, http, expected, timeout, on_loss: OnLoss(Box::new(on_loss)) };
        let times = KeyTimes {
            fresh: config.jwks_refresh(),
            kept: Duration::MAX,
            retry: config.jwks_retry(),
            retry_failed: config.jwks_retry(),
        };
        Self(KeyCache::new(issuer, times))
    }

    /// The key of this id.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] when the issuer does not have it, [`TokenError::Unavailable`] when the issuer
    /// cannot be asked.
    pub(crate) async fn key(&self, kid: &str) -> Result<Arc<Key>, TokenError> {
        match self.0.find(|keys| keys.get(kid)).await {
            Ok(key) => key.ok_or(TokenError::Invalid),
            Err(_) => Err(TokenError::Unavailable),
        }
    }
}

impl KeySource for Issuer {
    type Keys = KeySet;
    type Error = FetchError;

    fn url(&self) -> &str {
        &self.url
    }

    async fn fetch(&self) -> Result<KeySet, FetchError> {
        let request = self.http.get(&self.url).timeout(self.timeout);
        let mut response = request.send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > SET_MAX {
                return Err(FetchError::TooLong);
            }
        }
        let keys = KeySet::parse(&body, &self.expected)?;
        if keys.len() == 0 { Err(FetchError::Empty) } else { Ok(keys) }
    }

    fn replaced(&self, older: &KeySet, newer: &KeySet) {
        if !older.is_kept_by(newer) {
            (self.on_loss.0)();
        }
    }
}

impl std::fmt::Debug for OnLoss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnLoss")
    }
}
