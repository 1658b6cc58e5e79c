//! The issuer's keys, fetched when they are needed and kept while the issuer is away.
//!
//! A key that is known is answered at once, also when the set is due for a refresh: that happens beside. An
//! unknown key id waits for one fetch that all share; after it, and for `jwks_retry_ms`, unknown ids are
//! refused (or, when the fetch failed, answered with "unavailable") without another.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::config::AuthConfig;
use crate::keys::{Expected, Key, KeySet};
use crate::token::TokenError;

/// Longest set that is read, in bytes.
const SET_MAX: usize = 64 * 1024;

/// Keys from a URL. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Jwks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    url: String,
    http: reqwest::Client,
    expected: Expected,
    refresh: Duration,
    retry: Duration,
    timeout: Duration,
    known: RwLock<Known>,
    last: Arc<Mutex<Option<Attempt>>>,
    on_loss: OnLoss,
}

struct OnLoss(Box<dyn Fn() + Send + Sync>);

#[derive(Debug, Clone)]
struct Known {
    keys: Arc<KeySet>,
    since: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Attempt {
    at: Instant,
    failed: bool,
}

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
        Self(Arc::new(Inner {
            url: config.jwks_url.clone(),
            http,
            expected,
            refresh: config.jwks_refresh(),
            retry: config.jwks_retry(),
            timeout: config.jwks_timeout(),
            known: RwLock::new(Known { keys: Arc::default(), since: None }),
            last: Arc::default(),
            on_loss: OnLoss(Box::new(on_loss)),
        }))
    }

    /// The key of this id.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] when the issuer does not have it, [`TokenError::Unavailable`] when the issuer
    /// cannot be asked.
    pub(crate) async fn key(&self, kid: &str) -> Result<Arc<Key>, TokenError> {
        let known = self.known();
        let due = known.since.is_none_or(|since| since.elapsed() >= self.0.refresh);
        match known.keys.get(kid) {
            Some(key) => {
                if due {
                    self.refresh_beside();
                }
                Ok(key)
            }
            None => self.fetch_for(kid).await,
        }
    }

    async fn fetch_for(&self, kid: &str) -> Result<Arc<Key>, TokenError> {
        let mut last = self.0.last.lock().await;
        // Whoever held the lock may have brought the key.
        if let Some(key) = self.known().keys.get(kid) {
            return Ok(key);
        }
        let recent = last.filter(|attempt| attempt.at.elapsed() < self.0.retry);
        let attempt = match recent {
            Some(attempt) => attempt,
            None => *last.insert(self.attempt().await),
        };
        drop(last);
        let missing = if attempt.failed { TokenError::Unavailable } else { TokenError::Invalid };
        self.known().keys.get(kid).ok_or(missing)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "ends by itself within the fetch's timeout; a failure is logged and tried again"
    )]
    fn refresh_beside(&self) {
        let Ok(last) = Arc::clone(&self.0.last).try_lock_owned() else { return };
        if last.is_none_or(|attempt| attempt.at.elapsed() >= self.0.retry) {
            tokio::spawn(self.clone().refresh(last));
        }
    }

    async fn refresh(self, mut last: OwnedMutexGuard<Option<Attempt>>) {
        *last = Some(self.attempt().await);
    }

    async fn attempt(&self) -> Attempt {
        let fetched = self.fetch().await;
        let at = Instant::now();
        match fetched {
            Ok(keys) => {
                self.replace(keys, at);
                Attempt { at, failed: false }
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, url = self.0.url, "the issuer's keys were not fetched");
                Attempt { at, failed: true }
            }
        }
    }

    async fn fetch(&self) -> Result<KeySet, FetchError> {
        let request = self.0.http.get(&self.0.url).timeout(self.0.timeout);
        let mut response = request.send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > SET_MAX {
                return Err(FetchError::TooLong);
            }
        }
        let keys = KeySet::parse(&body, &self.0.expected)?;
        if keys.len() == 0 { Err(FetchError::Empty) } else { Ok(keys) }
    }

    fn replace(&self, keys: KeySet, since: Instant) {
        tracing::debug!(keys = keys.len(), "the issuer's keys were fetched");
        let newer = Known { keys: Arc::new(keys), since: Some(since) };
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        let older = std::mem::replace(&mut *known, newer.clone());
        drop(known);
        if !older.keys.is_kept_by(&newer.keys) {
            (self.0.on_loss.0)();
        }
    }

    fn known(&self) -> Known {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl std::fmt::Debug for OnLoss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnLoss")
    }
}
