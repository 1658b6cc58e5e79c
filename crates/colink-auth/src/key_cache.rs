//! A set of keys that somebody else publishes, fetched when it is needed and kept while its publisher is away.
//!
//! A key that is known is answered at once, also when the set is due for a refresh: that happens beside. For one that is not
//! known all share a fetch, and for a while after it unknown ones are refused without another, because anybody can write an id
//! into a header. A fetch goes on when whoever asked for it has given up waiting: one that comes to nothing is noticed, and the
//! next who ask are told so at once.

use std::error::Error;
use std::fmt::Debug;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OwnedMutexGuard};

/// Where a set of keys is published.
pub trait KeySource: Debug + Send + Sync + 'static {
    /// The set, as it is looked through.
    type Keys: Debug + Default + Send + Sync;
    /// Why there is none.
    type Error: Error + Send + Sync + 'static;

    /// Its address, for the log.
    fn url(&self) -> &str;

    /// Fetches the set; it must end by itself.
    fn fetch(&self) -> impl Future<Output = Result<Self::Keys, Self::Error>> + Send;

    /// A newer set is in use.
    fn replaced(&self, _older: &Self::Keys, _newer: &Self::Keys) {}
}

/// How old a set gets, and how often it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct KeyTimes {
    /// How long a set is used without looking for a newer one.
    pub fresh: Duration,
    /// How long a set is used while no newer one can be had.
    pub kept: Duration,
    /// How long there is no other fetch after one for an unknown key.
    pub retry: Duration,
    /// The same after one that failed.
    pub retry_failed: Duration,
}

/// The keys of a source. Cheap to clone.
#[derive(Debug)]
pub struct KeyCache<S: KeySource>(Arc<Inner<S>>);

#[derive(Debug)]
struct Inner<S: KeySource> {
    source: S,
    times: KeyTimes,
    known: RwLock<Known<S::Keys>>,
    /// Held by whoever fetches. None before the first set came, and after it: the first unknown key may be newer than that.
    last: Arc<Mutex<Option<Attempt<S::Error>>>>,
}

#[derive(Debug)]
struct Known<K> {
    keys: Arc<K>,
    since: Option<Instant>,
}

#[derive(Debug)]
struct Attempt<E> {
    at: Instant,
    error: Option<Arc<E>>,
}

type Attempting<S> = OwnedMutexGuard<Option<Attempt<<S as KeySource>::Error>>>;

impl<S: KeySource> KeyCache<S> {
    /// No keys yet.
    #[must_use]
    pub fn new(source: S, times: KeyTimes) -> Self {
        let known = RwLock::new(Known { keys: Arc::default(), since: None });
        Self(Arc::new(Inner { source, times, known, last: Arc::default() }))
    }

    /// Where the keys come from.
    #[must_use]
    pub fn source(&self) -> &S {
        &self.0.source
    }

    /// What `find` finds in the set, in a newer one if need be; `None` when the source does not have it.
    ///
    /// # Errors
    /// Those of the source, when the key is not known and cannot be asked for.
    pub async fn find<K>(&self, find: impl Fn(&S::Keys) -> Option<K>) -> Result<Option<K>, Arc<S::Error>> {
        let known = self.known();
        let Some(key) = self.look(&known, &find) else { return self.fetch_for(&find).await };
        if known.since.is_none_or(|since| since.elapsed() >= self.0.times.fresh) {
            self.refresh_beside();
        }
        Ok(Some(key))
    }

    async fn fetch_for<K>(&self, find: &impl Fn(&S::Keys) -> Option<K>) -> Result<Option<K>, Arc<S::Error>> {
        let last = Arc::clone(&self.0.last).lock_owned().await;
        // Whoever held the lock may have brought the key.
        if let Some(key) = self.look(&self.known(), find) {
            return Ok(Some(key));
        }
        if self.is_early(last.as_ref()) {
            drop(last);
        } else {
            self.begin(last);
        }
        let error = self.0.last.lock().await.as_ref().and_then(|attempt| attempt.error.clone());
        match (self.look(&self.known(), find), error) {
            (None, Some(error)) => Err(error),
            (key, _) => Ok(key),
        }
    }

    fn refresh_beside(&self) {
        let Ok(last) = Arc::clone(&self.0.last).try_lock_owned() else { return };
        if !self.is_early(last.as_ref()) {
            self.begin(last);
        }
    }

    /// Whether it is too early for another attempt.
    fn is_early(&self, last: Option<&Attempt<S::Error>>) -> bool {
        let KeyTimes { retry, retry_failed, .. } = self.0.times;
        last.is_some_and(|last| last.at.elapsed() < if last.error.is_some() { retry_failed } else { retry })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "ends by itself, as the source does; a failure is logged and tried again"
    )]
    fn begin(&self, last: Attempting<S>) {
        tokio::spawn(self.clone().fetch(last));
    }

    async fn fetch(self, mut last: Attempting<S>) {
        let url = self.0.source.url();
        let fetched = self.0.source.fetch().await;
        let at = Instant::now();
        *last = match fetched {
            Ok(keys) => {
                tracing::debug!(url, "published keys were fetched");
                let is_first = self.replace(keys, at);
                (!is_first).then_some(Attempt { at, error: None })
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn Error, url, "published keys were not fetched");
                Some(Attempt { at, error: Some(Arc::new(error)) })
            }
        };
    }

    /// Says whether there was no set before.
    fn replace(&self, keys: S::Keys, at: Instant) -> bool {
        let newer = Arc::new(keys);
        let known = Known { keys: Arc::clone(&newer), since: Some(at) };
        let older =
            std::mem::replace(&mut *self.0.known.write().unwrap_or_else(PoisonError::into_inner), known);
        self.0.source.replaced(&older.keys, &newer);
        older.since.is_none()
    }

    fn look<K>(&self, known: &Known<S::Keys>, find: &impl Fn(&S::Keys) -> Option<K>) -> Option<K> {
        known.since.filter(|since| since.elapsed() < self.0.times.kept).and_then(|_| find(&known.keys))
    }

    fn known(&self) -> Known<S::Keys> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S: KeySource> Clone for KeyCache<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Clone for Known<K> {
    fn clone(&self) -> Self {
        Self { keys: Arc::clone(&self.keys), since: self.since }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: KeyTimes = KeyTimes {
        fresh: Duration::from_secs(600),
        kept: Duration::from_secs(4 * 3600),
        retry: Duration::from_secs(10),
        retry_failed: Duration::from_secs(2),
    };

    #[derive(Debug)]
    struct Away;

    #[derive(Debug, thiserror::Error)]
    #[error("nobody answers")]
    struct NoAnswer;

    impl KeySource for Away {
        type Keys = Vec<&'static str>;
        type Error = NoAnswer;

        fn url(&self) -> &'static str {
            "http://127.0.0.1:1/keys"
        }

        async fn fetch(&self) -> Result<Self::Keys, NoAnswer> {
            Err(NoAnswer)
        }
    }

    fn known_since(since: Instant) -> KeyCache<Away> {
        let cache = KeyCache::new(Away, TIMES);
        assert!(cache.replace(vec!["ed"], since));
        cache
    }

    async fn is_known(cache: &KeyCache<Away>, kid: &str) -> Option<bool> {
        let found = cache.find(|keys| keys.iter().find(|known| **known == kid).copied()).await;
        found.ok().map(|key| key.is_some())
    }

    /// keys that are due for a refresh are used while their issuer is away, and not for ever; an unknown one is not
    /// called unknown then.
    #[tokio::test]
    async fn known_keys_are_used_while_the_issuer_is_away() {
        let now = Instant::now();
        let cache = known_since(now - TIMES.fresh);
        for _ in 0..3 {
            assert_eq!(is_known(&cache, "ed").await, Some(true));
            assert_eq!(is_known(&cache, "unknown").await, None);
        }
        assert_eq!(is_known(&known_since(now - TIMES.kept), "ed").await, None);
    }
}
