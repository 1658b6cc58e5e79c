//! Sign-in through other identity providers: OpenID Connect by discovery, and GitHub.
//!
//! The authorization code flow with PKCE, `state` and `nonce`, bound to one browser. A callback ends in a code of 60 s, which
//! the same browser exchanges for tokens; no token stands in a URL. `docs/adr/0019-openid-client.md` says why the client is
//! ours and when identities meet accounts.

mod access_token;
pub(crate) mod accounts;
pub(crate) mod cookie;
pub(crate) mod draft;
mod exchange;
mod flow;
mod github;
mod id_token;
mod issuers;
mod jwks;
mod keys;
pub(crate) mod linking;
mod metadata;
mod names;
pub(crate) mod person;
pub(crate) mod place;
pub(crate) mod presented;
pub(crate) mod provider;
pub(crate) mod refusal;
pub(crate) mod return_to;
mod transport;
pub(crate) mod workspace_provider;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use self::access_token::Verified;
use self::cookie::BrowserCookie;
pub(crate) use self::exchange::ExchangeError;
use self::exchange::Redemption;
pub(crate) use self::flow::FlowSecrets;
use self::id_token::Expected;
use self::issuers::Issuers;
use self::metadata::Metadata;
use self::person::Person;
use self::place::Refused;
use self::provider::Provider;
use self::transport::{Reach, Transport, TransportError};
use crate::config::{Kind, OidcConfig};

/// All calls of one sign-in together; below what the gateway waits.
const BUDGET: Duration = Duration::from_secs(8);
/// All calls for one token that is presented: the gateway waits 2 s for the exchange, and takes an auth that is later for gone.
const PRESENT_BUDGET: Duration = Duration::from_millis(1500);

/// The providers and the ways to them. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Oidc(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    providers: BTreeMap<String, Provider>,
    installation: Transport,
    workspaces: Transport,
    issuers: Issuers,
    public_url: String,
    cookie: BrowserCookie,
}

impl Oidc {
    /// The providers of `config`, for clients at `public_url`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn new(config: &OidcConfig, public_url: &str) -> Result<Self, reqwest::Error> {
        let providers =
            config.providers.iter().map(|(key, provider)| (key.clone(), Provider::of_config(key, provider)));
        Ok(Self(Arc::new(Inner {
            providers: providers.collect(),
            installation: Transport::new(config, Reach::Installation)?,
            workspaces: Transport::new(config, Reach::Workspace)?,
            issuers: Issuers::new(),
            public_url: public_url.to_owned(),
            cookie: BrowserCookie::new(public_url),
        })))
    }

    /// The providers of the installation.
    pub(crate) fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.0.providers.values()
    }

    /// The provider of the installation with this name.
    pub(crate) fn configured(&self, key: &str) -> Option<&Provider> {
        self.0.providers.get(key)
    }

    /// The provider of the installation with this issuer whose access tokens are exchanged, and for which audience they
    /// are made.
    pub(crate) fn exchanging(&self, issuer: &str) -> Option<(&Provider, &str)> {
        let mut of_issuer = self.providers().filter(|provider| provider.issuer == issuer);
        of_issuer.find_map(|provider| Some((provider, provider.exchange_audience.as_deref()?)))
    }

    /// Whether an administrator of a workspace may name this issuer.
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) fn check_workspace_issuer(&self, issuer: &str) -> Result<(), Refused> {
        self.0.workspaces.check(issuer).map(drop)
    }

    /// Where the web client is.
    pub(crate) fn public_url(&self) -> &str {
        &self.0.public_url
    }

    /// The cookie that binds a sign-in to a browser.
    pub(crate) fn cookie(&self) -> &BrowserCookie {
        &self.0.cookie
    }

    /// Where a provider sends browsers back. It differs per provider, so that an answer of one cannot pass for that of
    /// another.
    pub(crate) fn redirect_uri(&self, provider: &Provider) -> String {
        format!("{}/api/auth/oidc/{}/callback", self.0.public_url, provider.key)
    }

    /// Where a browser is sent to sign in.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub(crate) async fn authorization_url(
        &self,
        provider: &Provider,
        secrets: &FlowSecrets,
    ) -> Result<Url, ExchangeError> {
        let transport = self.transport(provider);
        let endpoint = match provider.kind {
            Kind::Github => transport.check(&github::authorization_endpoint(provider)),
            Kind::Keycloak | Kind::Google | Kind::Oidc => {
                transport.check(&self.metadata(provider).await?.authorization_endpoint)
            }
        };
        let endpoint = endpoint.map_err(TransportError::from)?;
        Ok(flow::authorization_url(endpoint, provider, &self.redirect_uri(provider), secrets))
    }

    /// Whether an answer that names `issuer` (RFC 9207) is this provider's.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub(crate) async fn check_issuer(
        &self,
        provider: &Provider,
        issuer: Option<&str>,
    ) -> Result<(), ExchangeError> {
        if provider.kind == Kind::Github {
            return Ok(());
        }
        let metadata = self.metadata(provider).await?;
        match issuer {
            Some(issuer) if issuer == metadata.issuer => Ok(()),
            None if !metadata.names_issuer => Ok(()),
            _ => Err(ExchangeError::Refused("did not send this answer: it names another issuer, or none")),
        }
    }

    /// Who a code stands for.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub(crate) async fn identify(
        &self,
        provider: &Provider,
        code: &str,
        secrets: &FlowSecrets,
        now: DateTime<Utc>,
        leeway: Duration,
    ) -> Result<Person, ExchangeError> {
        let work = self.identify_unhurried(provider, code, secrets, now, leeway);
        match tokio::time::timeout(BUDGET, work).await {
            Ok(person) => person,
            Err(_) => Err(TransportError::Resting.into()),
        }
    }

    async fn identify_unhurried(
        &self,
        provider: &Provider,
        code: &str,
        secrets: &FlowSecrets,
        now: DateTime<Utc>,
        leeway: Duration,
    ) -> Result<Person, ExchangeError> {
        let transport = self.transport(provider);
        let (redirect_uri, verifier) = (self.redirect_uri(provider), secrets.verifier());
        let redemption = Redemption { code, redirect_uri: &redirect_uri, verifier: &verifier };
        if provider.kind == Kind::Github {
            return github::identify(transport, provider, &redemption).await;
        }
        let metadata = self.metadata(provider).await?;
        let nonce = secrets.nonce();
        let leeway_s = i64::try_from(leeway.as_secs()).unwrap_or(0);
        let bare_issuer = provider.kind == Kind::Google;
        let expected = Expected { client_id: &provider.client_id, nonce: &nonce, now, leeway_s, bare_issuer };
        exchange::identify(transport, provider, &metadata, &redemption, &expected).await
    }

    /// Who presents an access token that the provider made for `audience`. A provider that does not answer in
    /// [`PRESENT_BUDGET`] is away.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub(crate) async fn present(
        &self,
        provider: &Provider,
        token: &str,
        audience: &str,
        now: DateTime<Utc>,
        leeway: Duration,
    ) -> Result<Verified, ExchangeError> {
        let leeway_s = i64::try_from(leeway.as_secs()).unwrap_or(0);
        let expected = access_token::Expected { audience, now, leeway_s };
        let work = async {
            let metadata = self.metadata(provider).await?;
            Ok(access_token::verify(token, &metadata, expected).await?)
        };
        match tokio::time::timeout(PRESENT_BUDGET, work).await {
            Ok(verified) => verified,
            Err(_) => Err(TransportError::Resting.into()),
        }
    }

    /// The issuer's document.
    async fn metadata(&self, provider: &Provider) -> Result<Arc<Metadata>, ExchangeError> {
        self.0.issuers.metadata(self.transport(provider), provider.reach(), &provider.issuer).await
    }

    fn transport(&self, provider: &Provider) -> &Transport {
        match provider.reach() {
            Reach::Installation => &self.0.installation,
            Reach::Workspace => &self.0.workspaces,
        }
    }
}
