//! An issuer's published keys.

use std::sync::Arc;
use std::time::Duration;

use colink_auth::{KeyCache, KeySource, KeyTimes};
use jsonwebtoken::Algorithm;

use super::keys::{KeySet, VerifyingKey};
use super::transport::{Transport, TransportError};

/// Tokens that providers sign live for minutes, so a set is not kept for longer than a few hours.
const TIMES: KeyTimes = KeyTimes {
    fresh: Duration::from_secs(600),
    kept: Duration::from_secs(4 * 3600),
    retry: Duration::from_secs(10),
    retry_failed: Duration::from_secs(2),
};

/// The keys at a URL. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Jwks(KeyCache<Published>);

#[derive(Debug)]
struct Published {
    url: String,
    transport: Transport,
}

impl Jwks {
    pub(crate) fn new(url: String, transport: Transport) -> Self {
        Self(KeyCache::new(Published { url, transport }, TIMES))
    }

    /// Where they are.
    pub(crate) fn url(&self) -> &str {
        &self.0.source().url
    }

    /// The key with this id; `None` when the issuer has none.
    ///
    /// # Errors
    /// [`TransportError`] when the key is not known and cannot be asked for.
    pub(crate) async fn key(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Arc<VerifyingKey>>, TransportError> {
        self.0.find(|keys| keys.find(kid, algorithm)).await.map_err(TransportError::Earlier)
    }
}

impl KeySource for Published {
    type Keys = KeySet;
    type Error = TransportError;

    fn url(&self) -> &str {
        &self.url
    }

    async fn fetch(&self) -> Result<KeySet, TransportError> {
        KeySet::read(&self.transport.get(&self.url, None).await?.ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::transport::Reach;

    /// while the issuer is away a key is not called unknown.
    #[tokio::test]
    async fn an_issuer_that_is_away_has_an_outage() {
        let config = "timeout_ms = 1000\nallow_http = false\nallow_private_addresses = false";
        let transport = Transport::new(&toml::from_str(config).unwrap(), Reach::Installation).unwrap();
        let jwks = Jwks::new("http://127.0.0.1:1/keys".to_owned(), transport);
        for _ in 0..2 {
            assert!(jwks.key(Some("ed"), Algorithm::EdDSA).await.is_err_and(|error| error.is_outage()));
        }
    }
}
