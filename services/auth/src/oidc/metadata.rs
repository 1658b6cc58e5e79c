//! The discovery document of an issuer (OpenID Connect Discovery 1.0), which names the place of its keys.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::Algorithm;
use serde::Deserialize;

use super::jwks::Jwks;
use super::keys::VerifyingKey;
use super::transport::{Transport, TransportError};

/// How long a document is used without looking for a newer one.
const FRESH: Duration = Duration::from_secs(3600);
/// How long after looking for a newer one in vain there is no other try.
const RETRY: Duration = Duration::from_secs(60);

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

impl MetadataError {
    /// Whether it may be different in a moment.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(self, Self::Transport(error) if error.is_outage())
    }
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
    keys: Jwks,
    /// From when on a newer document is looked for.
    due_at: Mutex<Instant>,
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
        Self::of(document, transport)
    }

    fn of(document: Document, transport: &Transport) -> Result<Self, MetadataError> {
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
            keys: Jwks::new(document.jwks_uri, transport.clone()),
            due_at: Mutex::new(Instant::now() + FRESH),
        })
    }

    /// Whether it is old and whoever asks is to look for a newer one; the next who asks is told so after a while.
    pub(crate) fn begins_refresh(&self) -> bool {
        let now = Instant::now();
        let mut due_at = self.due_at.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = *due_at <= now;
        if begins {
            *due_at = now + RETRY;
        }
        begins
    }

    /// Itself with the keys that are known already, if they are published at the same place.
    pub(crate) fn with_keys_of(mut self, older: &Self) -> Self {
        if self.keys.url() == older.keys.url() {
            self.keys = older.keys.clone();
        }
        self
    }

    /// The key of a token with this header; `None` when the issuer has none for it.
    ///
    /// # Errors
    /// [`TransportError`].
    pub(crate) async fn key(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Arc<VerifyingKey>>, TransportError> {
        // Before any key is fetched: a header must not choose a way to verify, nor cost a call.
        if !self.algorithms.contains(&algorithm) {
            return Ok(None);
        }
        self.keys.key(kid, algorithm).await
    }
}

#[cfg(test)]
impl Metadata {
    /// One that is to be fetched anew.
    pub(crate) fn due(issuer: &str, transport: &Transport) -> Self {
        let document = serde_json::json!({
            "issuer": issuer, "authorization_endpoint": issuer, "token_endpoint": issuer, "jwks_uri": issuer
        });
        let metadata = Self::of(serde_json::from_value(document).unwrap(), transport).unwrap();
        *metadata.due_at.lock().unwrap() = Instant::now();
        metadata
    }
}
