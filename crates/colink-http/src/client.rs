//! [`InternalClient`]: one service asking another over `/internal`.
//!
//! A call carries the request id and trace of the request it is made in, a fresh service token, and no more
//! time than that request has left. A refusal comes back as the [`ApiError`] it was; a failure to answer is
//! `SERVICE_UNAVAILABLE`, `UPSTREAM_TIMEOUT` or `UPSTREAM_ERROR`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use colink_core::error::ErrorKind;
use reqwest::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::{self, REQUEST_ID, TRACEPARENT};
use crate::envelope::{Failure, Success};
use crate::error::{ApiError, ApiResult};

/// Longest answer that is read: 8 MiB.
const ANSWER_MAX: usize = 8 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1000);
/// Shorter than the servers' keep-alive, so that no call is sent into a closing connection.
const POOL_IDLE: Duration = Duration::from_secs(30);

/// Makes the tokens that prove to another service which service is asking.
pub trait ServiceTokenSource: Send + Sync + fmt::Debug {
    /// A token for the service `audience`.
    ///
    /// # Errors
    /// When no token can be made.
    fn token(&self, audience: &str) -> Result<String, Box<dyn std::error::Error + Send + Sync>>;
}

/// An HTTP client with deadlines, without redirects and without proxies from the environment.
///
/// # Errors
/// When TLS cannot be set up.
pub fn http_client(timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(CONNECT_TIMEOUT.min(timeout))
        .pool_idle_timeout(POOL_IDLE)
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
}

/// A client of one other service. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct InternalClient {
    http: reqwest::Client,
    service: &'static str,
    base_url: Arc<str>,
    tokens: Arc<dyn ServiceTokenSource>,
    on_behalf: bool,
    timeout: Duration,
}

/// A user's own access token.
struct UserToken(String);

impl ServiceTokenSource for UserToken {
    fn token(&self, _audience: &str) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.0.clone())
    }
}

impl fmt::Debug for UserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserToken")
    }
}

impl InternalClient {
    /// A client of `service` (also the audience of the tokens) at `base_url`, whose calls take at most
    /// `timeout`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(
        service: &'static str,
        base_url: &str,
        tokens: Arc<dyn ServiceTokenSource>,
        timeout: Duration,
    ) -> Result<Self, reqwest::Error> {
        let http = http_client(timeout)?;
        let base_url = base_url.trim_end_matches('/').into();
        Ok(Self { http, service, base_url, tokens, on_behalf: false, timeout })
    }

    /// The same service asked in a user's name: calls carry his access token, and a refusal of it is his.
    #[must_use]
    pub fn on_behalf_of(&self, token: &str) -> Self {
        Self { tokens: Arc::new(UserToken(token.to_owned())), on_behalf: true, ..self.clone() }
    }

    /// GET `path`, which begins with a slash and may have a query.
    ///
    /// # Errors
    /// The other service's refusal, or what kept it from answering.
    pub async fn get_json<T: DeserializeOwned>(&self, path: &str) -> ApiResult<T> {
        self.receive(self.request(Method::GET, path)).await
    }

    /// POST `body` to `path`.
    ///
    /// # Errors
    /// As [`Self::get_json`].
    pub async fn post_json<B: Serialize + Sync + ?Sized, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> ApiResult<T> {
        self.receive(self.request(Method::POST, path).json(body)).await
    }

    /// PUT `body` to `path`, and look only at whether it succeeded.
    ///
    /// # Errors
    /// As [`Self::get_json`].
    pub async fn put<B: Serialize + Sync + ?Sized>(&self, path: &str, body: &B) -> ApiResult<()> {
        self.send(self.request(Method::PUT, path).json(body)).await.map(drop)
    }

    /// POST `body` to `path`, and look only at whether it succeeded.
    ///
    /// # Errors
    /// As [`Self::get_json`].
    pub async fn post<B: Serialize + Sync + ?Sized>(&self, path: &str, body: &B) -> ApiResult<()> {
        self.send(self.request(Method::POST, path).json(body)).await.map(drop)
    }

    /// DELETE `path`.
    ///
    /// # Errors
    /// As [`Self::get_json`].
    pub async fn delete(&self, path: &str) -> ApiResult<()> {
        self.send(self.request(Method::DELETE, path)).await.map(drop)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base_url))
    }

    async fn receive<T: DeserializeOwned>(&self, request: RequestBuilder) -> ApiResult<T> {
        let body = self.send(request).await?;
        let answer: Result<Success<T>, _> = serde_json::from_slice(&body);
        answer.map(|answer| answer.data).map_err(|error| self.nonsense(error))
    }

    /// The body of a successful answer.
    async fn send(&self, request: RequestBuilder) -> ApiResult<Vec<u8>> {
        let context = context::current();
        let left = context.as_ref().and_then(context::RequestContext::time_left);
        let timeout = left.map_or(self.timeout, |left| left.min(self.timeout));
        let token = self.tokens.token(self.service).map_err(ApiError::internal)?;
        let mut request = request.bearer_auth(token).timeout(timeout);
        if let Some(context) = context {
            request = request.header(REQUEST_ID.as_str(), context.request_id().as_str());
            if let Some(traceparent) = context.traceparent() {
                request = request.header(TRACEPARENT.as_str(), traceparent);
            }
        }
        let response = request.send().await.map_err(|error| self.unanswered(error))?;
        let status = response.status().as_u16();
        let body = self.read(response).await?;
        if (200..300).contains(&status) { Ok(body) } else { Err(self.refused(status, &body)) }
    }

    async fn read(&self, mut response: Response) -> ApiResult<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unanswered(error))? {
            if body.len() + chunk.len() > ANSWER_MAX {
                return Err(self.nonsense("the answer is too long"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn unanswered(&self, error: reqwest::Error) -> ApiError {
        if error.is_timeout() && !error.is_connect() {
            let message = format!("The service {} did not answer in time.", self.service);
            return ApiError::new(ErrorKind::UpstreamTimeout, message).caused_by(error);
        }
        ApiError::unavailable(&format!("service {}", self.service)).caused_by(error)
    }

    fn nonsense(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ApiError {
        let message = format!("The service {} gave an answer that makes no sense.", self.service);
        ApiError::new(ErrorKind::Upstream, message).caused_by(source)
    }

    /// What the other service said, unless it is about this service's own standing: that is a defect here
    /// and not the caller's business.
    fn refused(&self, status: u16, body: &[u8]) -> ApiError {
        let failure: Failure = match serde_json::from_slice(body) {
            Ok(failure) => failure,
            Err(error) => return self.nonsense(format!("status {status}, {error}")),
        };
        let Failure { error, .. } = failure;
        match error.code.status() {
            401 if self.on_behalf => ApiError::new(error.code, error.message),
            401 | 500 => self.nonsense(format!("{}: {}", error.code, error.message)),
            _ => ApiError::new(error.code, error.message).with_details(error.details),
        }
    }
}
