//! The discovery document of an issuer (OpenID Connect Discovery 1.0) and its keys.
//!
//! A document is kept for an hour, a failure is not kept. Keys are kept ten minutes and fetched once more for a key id
//! that is not among them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jsonwebtoken::Algorithm;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::keys::{KeySet, VerifyingKey};
use super::transport::{Transport, TransportError};

const KEYS_FRESH: Duration = Duration::from_secs(600);

/// Signatures that are taken, in the words of JWA. None of them is symmetric, and `none` is not among them.
const ALLOWED: [(&str, Algorithm); 3] =
    [("RS256", Algorithm::RS256), ("ES256", Algorithm::ES256), ("EdDSA", Algorithm::EdDSA)];

/// Why an issuer cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MetadataError {
    /// It was not fetched.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// It is somebody else's.
    #[error("the discovery document is that of another issuer")]
    OtherIssuer,
    /// It signs in no way that is taken here.
    #[error("the issuer signs with none of RS256, ES256 and EdDSA")]
    NoAlgorithm,
}

#[derive(Debug, Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// An issuer.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) issuer: String,
    pub(crate) authorization_endpoint: String,
    pub(crate) token_endpoint: String,
    pub(crate) userinfo_endpoint: Option<String>,
    /// Whether the client's secret goes into the form and not into a header.
    pub(crate) secret_in_form: bool,
    /// Whether every answer of the authorization endpoint names the issuer (RFC 9207).
    pub(crate) names_issuer: bool,
    algorithms: Vec<Algorithm>,
    jwks_uri: String,
    keys: Mutex<Option<(Instant, Arc<KeySet>)>>,
}

impl Metadata {
    /// Fetches the document of `issuer`.
    ///
    /// # Errors
    /// [`MetadataError`].
    pub(crate) async fn fetch(transport: &Transport, issuer: &str) -> Result<Self, MetadataError> {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document: Document = transport.get(&url, None).await?.ok()?.json()?;
        if document.issuer != issuer {
            return Err(MetadataError::OtherIssuer);
        }
        let endpoints = [&document.authorization_endpoint, &document.token_endpoint, &document.jwks_uri];
        for endpoint in endpoints.into_iter().chain(document.userinfo_endpoint.as_ref()) {
            transport.check(endpoint).map_err(TransportError::from)?;
        }
        Self::of(document)
    }

    fn of(document: Document) -> Result<Self, MetadataError> {
        // Without a word RS256 is meant: every issuer must have it.
        let named =
            document.id_token_signing_alg_values_supported.unwrap_or_else(|| vec!["RS256".to_owned()]);
        let algorithms: Vec<Algorithm> = ALLOWED
            .into_iter()
            .filter(|(word, _)| named.iter().any(|name| name == word))
            .map(|(_, algorithm)| algorithm)
            .collect();
        if algorithms.is_empty() {
            return Err(MetadataError::NoAlgorithm);
        }
        let methods = document.token_endpoint_auth_methods_supported.unwrap_or_default();
        let takes = |method: &str| methods.iter().any(|name| name == method);
        Ok(Self {
            issuer: document.issuer,
            authorization_endpoint: document.authorization_endpoint,
            token_endpoint: document.token_endpoint,
            userinfo_endpoint: document.userinfo_endpoint,
            secret_in_form: takes("client_secret_post") && !takes("client_secret_basic"),
            names_issuer: document.authorization_response_iss_parameter_supported,
            algorithms,
            jwks_uri: document.jwks_uri,
            keys: Mutex::new(None),
        })
    }

    /// The key of a token with this header; `None` when the issuer has none for it.
    ///
    /// # Errors
    /// [`TransportError`].
    pub(crate) async fn key(
        &self,
        transport: &Transport,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Arc<VerifyingKey>>, TransportError> {
        // Before any key is fetched: a header must not choose a way to verify, nor cost a call.
        if !self.algorithms.contains(&algorithm) {
            return Ok(None);
        }
        // Whoever comes meanwhile waits here and finds the keys.
        let mut kept = self.keys.lock().await;
        let fresh = kept.as_ref().filter(|(at, _)| at.elapsed() < KEYS_FRESH);
        if let Some(key) = fresh.and_then(|(_, keys)| keys.find(kid, algorithm)) {
            return Ok(Some(key));
        }
        let document = transport.get(&self.jwks_uri, None).await?.ok()?;
        let keys = Arc::new(KeySet::read(&document)?);
        *kept = Some((Instant::now(), Arc::clone(&keys)));
        Ok(keys.find(kid, algorithm))
    }
}
