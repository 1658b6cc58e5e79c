//! The issuers that were met lately, by their documents. An old document is used while a newer one is fetched beside, and while
//! the issuer is away; a failure is not kept.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

use super::exchange::ExchangeError;
use super::metadata::{Metadata, MetadataError};
use super::transport::{Reach, Transport, TransportError};

/// How long a document is used while no newer one can be had.
const KEPT: Duration = Duration::from_secs(4 * 3600);
/// Issuers whose documents are kept.
const ISSUERS: u64 = 1_000;

type Name = (Reach, String);

/// Their documents. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Issuers(Cache<Name, Arc<Metadata>>);

impl Issuers {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(ISSUERS).time_to_live(KEPT).build())
    }

    /// The issuer's document; those who ask at once make one call.
    ///
    /// # Errors
    /// [`ExchangeError::Metadata`].
    #[expect(clippy::disallowed_methods, reason = "both end by themselves within the transport's timeout")]
    pub(crate) async fn metadata(
        &self,
        transport: &Transport,
        reach: Reach,
        issuer: &str,
    ) -> Result<Arc<Metadata>, ExchangeError> {
        let name = (reach, issuer.to_owned());
        let (issuers, transport) = (self.clone(), transport.clone());
        if let Some(kept) = self.0.get(&name).await {
            if kept.begins_refresh() {
                tokio::spawn(issuers.refresh(name, transport, Arc::clone(&kept)));
            }
            return Ok(kept);
        }
        // It goes on when whoever asked has given up waiting, so that an issuer that does not answer is noticed.
        match tokio::spawn(issuers.fetch(name, transport)).await {
            Ok(fetched) => Ok(fetched?),
            Err(_) => Err(TransportError::Resting.into()),
        }
    }

    async fn fetch(self, name: Name, transport: Transport) -> Result<Arc<Metadata>, Arc<MetadataError>> {
        let issuer = name.1.clone();
        let fetch = async { Metadata::fetch(&transport, &issuer).await.map(Arc::new) };
        self.0.try_get_with(name, fetch).await
    }

    /// Puts a newer document in the place of `older`. One that is no outage's, but another answer than it should be, takes it
    /// away: whoever asks next is told.
    async fn refresh(self, name: Name, transport: Transport, older: Arc<Metadata>) {
        match Metadata::fetch(&transport, &name.1).await {
            Ok(newer) => self.0.insert(name, Arc::new(newer.with_keys_of(&older))).await,
            Err(error) => {
                let issuer = name.1.as_str();
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    issuer,
                    "a provider's document was not fetched"
                );
                if !error.is_outage() {
                    self.0.invalidate(&name).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// an old document is used while its issuer is away.
    #[tokio::test]
    async fn an_old_document_is_used_while_the_issuer_is_away() {
        let (issuers, issuer) = (Issuers::new(), "http://127.0.0.1:1/realm");
        let config = "timeout_ms = 1000\nallow_http = false\nallow_private_addresses = false";
        let transport = Transport::new(&toml::from_str(config).unwrap(), Reach::Installation).unwrap();
        let ask = || issuers.metadata(&transport, Reach::Installation, issuer);
        assert!(ask().await.is_err());
        let name = (Reach::Installation, issuer.to_owned());
        let due = Arc::new(Metadata::due(issuer, &transport));
        issuers.0.insert(name.clone(), Arc::clone(&due)).await;
        assert!(Arc::ptr_eq(&ask().await.unwrap(), &due));
        issuers.clone().refresh(name, transport.clone(), Arc::clone(&due)).await;
        assert!(Arc::ptr_eq(&ask().await.unwrap(), &due));
        assert!(!due.begins_refresh(), "one looks for a newer one at a time");
    }
}
