//! Calls to providers: with a deadline, without redirects, with a limit on what is read, and given up at once for a while
//! when a provider did not answer.

use std::time::Duration;

use moka::future::Cache;
use reqwest::{Client, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use url::Url;

use super::place::{PublicOnly, Refused, Scheme, check_public};
use crate::config::OidcConfig;

/// Longest answer that is read: 256 KiB.
const ANSWER_MAX: usize = 256 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Failures within [`FORGOTTEN_AFTER`] of each other that close the way to a host.
const FAILURES: u32 = 3;
const FORGOTTEN_AFTER: Duration = Duration::from_secs(10);
/// Hosts whose failures are remembered.
const HOSTS: u64 = 1_000;

/// Whose providers are called: workspaces name theirs themselves, so they are held on a shorter lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reach {
    /// Those of the configuration.
    Installation,
    /// Those that a workspace's administrators entered.
    Workspace,
}

/// Why a provider gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransportError {
    /// It may not be called.
    #[error("a URL of the provider {0}")]
    Refused(#[from] Refused),
    /// It does not answer.
    #[error("the provider cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// It did not answer a moment ago, so it was not asked.
    #[error("the provider did not answer a moment ago")]
    Resting,
    /// It failed.
    #[error("the provider answered {0}")]
    Failed(u16),
    /// It says too much.
    #[error("the answer is longer than {ANSWER_MAX} bytes")]
    TooLong,
    /// It is not what was expected.
    #[error("the answer cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// Somebody else asked a moment ago, or at the same time.
    #[error(transparent)]
    Earlier(std::sync::Arc<Self>),
}

impl TransportError {
    /// Whether it may be different in a moment.
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            Self::Earlier(error) => error.is_outage(),
            error => matches!(error, Self::Unreachable(_) | Self::Resting | Self::Failed(500..)),
        }
    }
}

/// What a provider answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    body: Vec<u8>,
}

impl Answer {
    /// The JSON in it, whatever the status.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, TransportError> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// Itself when it is a success.
    pub(crate) fn ok(self) -> Result<Self, TransportError> {
        if self.status == 200 { Ok(self) } else { Err(TransportError::Failed(self.status)) }
    }
}

/// The way to providers of one [`Reach`].
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    http: Client,
    scheme: Scheme,
    public_only: bool,
    failures: Cache<String, u32>,
}

impl Transport {
    /// The way to providers of `reach`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn new(config: &OidcConfig, reach: Reach) -> Result<Self, reqwest::Error> {
        let public_only = reach == Reach::Workspace && !config.allow_private_addresses;
        let scheme = match reach {
            Reach::Installation => config.scheme(),
            Reach::Workspace if public_only => Scheme::Tls,
            Reach::Workspace => Scheme::TlsOrLoopback,
        };
        let mut http = Client::builder()
            .timeout(config.timeout())
            .connect_timeout(CONNECT_TIMEOUT.min(config.timeout()))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("CoLink")
            .no_proxy();
        if public_only {
            http = http.dns_resolver(PublicOnly);
        }
        let failures = Cache::builder().max_capacity(HOSTS).time_to_live(FORGOTTEN_AFTER).build();
        Ok(Self { http: http.build()?, scheme, public_only, failures })
    }

    /// Reads a URL that may be called, or that a browser may be sent to.
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) fn check(&self, text: &str) -> Result<Url, Refused> {
        let url = self.scheme.check(text)?;
        if self.public_only {
            check_public(&url)?;
        }
        Ok(url)
    }

    /// A GET of a URL.
    ///
    /// # Errors
    /// [`TransportError`].
    pub(crate) async fn get(&self, url: &str, token: Option<&str>) -> Result<Answer, TransportError> {
        let url = self.check(url)?;
        let request = self.http.get(url.clone()).header("accept", "application/json");
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        self.send(&url, request).await
    }

    /// A POST of a form; `basic` is a name and a secret.
    ///
    /// # Errors
    /// [`TransportError`].
    pub(crate) async fn post_form(
        &self,
        url: &str,
        form: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> Result<Answer, TransportError> {
        let url = self.check(url)?;
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        let mut request = self
            .http
            .post(url.clone())
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.finish());
        if let Some((name, secret)) = basic {
            // RFC 6749, section 2.3.1: both are encoded as in a form first.
            request = request.basic_auth(encoded(name), Some(encoded(secret)));
        }
        self.send(&url, request).await
    }

    async fn send(&self, url: &Url, request: RequestBuilder) -> Result<Answer, TransportError> {
        let host = url.authority().to_owned();
        let failures = self.failures.get(&host).await.unwrap_or(0);
        if failures >= FAILURES {
            return Err(TransportError::Resting);
        }
        let answer = receive(request).await;
        match &answer {
            Err(error) if error.is_outage() => self.failures.insert(host, failures + 1).await,
            Ok(answer) if answer.status >= 500 => self.failures.insert(host, failures + 1).await,
            _ if failures > 0 => self.failures.invalidate(&host).await,
            _ => {}
        }
        answer
    }
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn receive(request: RequestBuilder) -> Result<Answer, TransportError> {
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    let body = read(response).await?;
    Ok(Answer { status, body })
}

async fn read(mut response: Response) -> Result<Vec<u8>, TransportError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > ANSWER_MAX {
            return Err(TransportError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The URL may hold what belongs to one person, so it is taken out of what is logged.
fn unreachable(error: reqwest::Error) -> TransportError {
    TransportError::Unreachable(error.without_url())
}
