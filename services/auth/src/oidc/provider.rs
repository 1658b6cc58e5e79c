//! A provider as a sign-in needs it, wherever it is configured.

use colink_core::id::WorkspaceId;
use secrecy::SecretString;
use uuid::Uuid;

use super::transport::Reach;
use crate::config::{Kind, ProviderConfig};
use crate::error::AuthError;
use crate::store::oidc_providers::StoredProvider;

/// An identity provider.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    /// Its name in URLs and rows; identities belong to it.
    pub(crate) key: String,
    /// The workspace that brought it; `None` for one of the installation.
    pub(crate) workspace_id: Option<WorkspaceId>,
    pub(crate) kind: Kind,
    /// What people read.
    pub(crate) name: String,
    pub(crate) issuer: String,
    /// Where GitHub's API is.
    pub(crate) api_url: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<SecretString>,
    pub(crate) scopes: Vec<String>,
    /// In lower case; empty for all.
    pub(crate) allowed_domains: Vec<String>,
    pub(crate) jit: bool,
    pub(crate) trusts_email: bool,
    pub(crate) link_by_address: bool,
    pub(crate) trust_mfa: bool,
    pub(crate) mfa_acr: Vec<String>,
    /// The audience of access tokens that are exchanged for ours.
    pub(crate) exchange_audience: Option<String>,
}

impl Provider {
    /// The provider that the configuration calls `key`.
    pub(crate) fn of_config(key: &str, config: &ProviderConfig) -> Self {
        let issuer = config.issuer().unwrap_or_default();
        Self {
            key: key.to_owned(),
            workspace_id: None,
            kind: config.kind,
            name: config.name.clone().unwrap_or_else(|| config.kind.title().to_owned()),
            issuer: issuer.to_owned(),
            api_url: config.api_url.clone().unwrap_or_else(|| api_of(issuer)),
            client_id: config.client_id.clone(),
            client_secret: config.client_secret.clone(),
            scopes: or_usual(&config.scopes, config.kind),
            allowed_domains: config.allowed_domains.iter().map(|domain| domain.to_lowercase()).collect(),
            jit: config.jit,
            trusts_email: config.trusts_email,
            link_by_address: config.link_by_address,
            trust_mfa: config.trust_mfa,
            mfa_acr: config.mfa_acr.clone(),
            exchange_audience: config.exchange_audience.clone().filter(|audience| !audience.is_empty()),
        }
    }

    /// The provider in a row. Without the secret it is only shown.
    ///
    /// # Errors
    /// [`AuthError::Crypto`] when the row is not ours.
    pub(crate) fn of_row(stored: &StoredProvider, secret: Option<SecretString>) -> Result<Self, AuthError> {
        let kind =
            Kind::from_word(&stored.kind).ok_or_else(|| AuthError::crypto("an unknown kind of provider"))?;
        Ok(Self {
            key: stored.id.to_string(),
            workspace_id: Some(stored.workspace_id()),
            kind,
            name: stored.name.clone(),
            issuer: stored.issuer.clone(),
            api_url: api_of(&stored.issuer),
            client_id: stored.client_id.clone(),
            client_secret: secret,
            scopes: or_usual(&stored.scopes, kind),
            allowed_domains: stored.allowed_domains.clone(),
            jit: stored.jit,
            trusts_email: stored.trusts_email,
            link_by_address: stored.link_by_address,
            trust_mfa: stored.trust_mfa,
            mfa_acr: stored.mfa_acr.clone(),
            exchange_audience: None,
        })
    }

    /// The id of its row, if a workspace brought it.
    pub(crate) fn row_id(&self) -> Option<Uuid> {
        self.workspace_id.and_then(|_| Uuid::parse_str(&self.key).ok())
    }

    /// By which rules it is called.
    pub(crate) fn reach(&self) -> Reach {
        if self.workspace_id.is_some() { Reach::Workspace } else { Reach::Installation }
    }
}

/// The scopes, or those that are usual for the kind.
fn or_usual(scopes: &[String], kind: Kind) -> Vec<String> {
    if scopes.is_empty() {
        kind.usual_scopes().iter().map(|scope| (*scope).to_owned()).collect()
    } else {
        scopes.to_vec()
    }
}

/// The API of a GitHub: of github.com, or of an Enterprise Server.
fn api_of(issuer: &str) -> String {
    let issuer = issuer.trim_end_matches('/');
    if issuer == "https://github.com" {
        "https://api.github.com".to_owned()
    } else {
        format!("{issuer}/api/v3")
    }
}
