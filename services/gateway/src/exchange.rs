//! Proofs that services do not know, exchanged at auth for an access token of a minute's life.
//!
//! The same proof is asked about by one call at a time, and the answer is remembered: a token until shortly before its end,
//! a refusal for a while. A token that was revoked is refused by every service, so what is remembered here gives nobody a
//! right. While auth is away, what is remembered goes on.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderValue;
use colink_core::error::ErrorKind;
use colink_http::client::InternalClient;
use colink_http::context::RequestContext;
use colink_http::{ApiError, ApiResult};
use moka::Expiry;
use moka::future::Cache;
use serde::{Deserialize, Serialize};

use crate::domain::table::Upstream;
use crate::upstreams::Upstreams;

/// Proofs whose tokens are remembered, and as many that were refused.
const REMEMBERED: u64 = 10_000;
/// How long a refusal is remembered. Not longer: whoever was refused for want of an account may get one.
const REFUSED_FOR: Duration = Duration::from_secs(30);
/// A token is not given out in its last seconds: its call would come too late at a slow service.
const MARGIN: Duration = Duration::from_secs(5);

/// One kind of proof. `N` names a proof and holds nothing that could be used as one.
pub(crate) struct Exchange<N> {
    auth: InternalClient,
    path: &'static str,
    /// What a client is told of a proof that does not count.
    invalid: &'static str,
    tokens: Cache<N, Held>,
    refused: Cache<N, Refusal>,
}

impl<N> std::fmt::Debug for Exchange<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What auth is asked. The client is named, because auth limits failures and records uses.
#[derive(Serialize)]
struct Question<'a, P> {
    #[serde(flatten)]
    proof: P,
    ip: Option<IpAddr>,
    user_agent: Option<&'a str>,
}

/// What auth answers; no token when the proof does not count.
#[derive(Deserialize)]
struct Answer {
    access_token: Option<Arc<str>>,
    #[serde(default)]
    expires_in: u64,
}

#[derive(Debug, Clone)]
struct Held {
    token: Arc<str>,
    good_for: Duration,
}

/// Why there is no token.
#[derive(Debug, Clone, thiserror::Error)]
enum Refusal {
    #[error("the proof is not valid")]
    Invalid,
    /// It is valid, and its bearer is kept out, as the text says.
    #[error("auth keeps the bearer out: {0}")]
    Forbidden(String),
    #[error("auth said {0}")]
    Unanswered(ErrorKind, Option<Duration>),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        match error.kind() {
            ErrorKind::Forbidden => Self::Forbidden(error.message().to_owned()),
            kind => Self::Unanswered(kind, error.wait()),
        }
    }
}

/// A token is remembered until shortly before its end.
struct UntilItsEnd;

impl<N> Expiry<N, Held> for UntilItsEnd {
    fn expire_after_create(&self, _name: &N, held: &Held, _created_at: Instant) -> Option<Duration> {
        Some(held.good_for)
    }
}

impl<N: Hash + Eq + Copy + Send + Sync + 'static> Exchange<N> {
    /// Asks `path` of `auth`.
    pub(crate) fn new(auth: InternalClient, path: &'static str, invalid: &'static str) -> Self {
        Self {
            auth,
            path,
            invalid,
            tokens: Cache::builder().max_capacity(REMEMBERED).expire_after(UntilItsEnd).build(),
            refused: Cache::builder().max_capacity(REMEMBERED).time_to_live(REFUSED_FOR).build(),
        }
    }

    /// A token for a proof.
    ///
    /// # Errors
    /// 401 for a proof that does not count, 403 that says what keeps its bearer out, 429 after too many wrong ones, 503 or
    /// 504 while auth does not answer.
    pub(crate) async fn token<P: Serialize + Send + Sync>(
        &self,
        name: N,
        proof: P,
        context: &RequestContext,
        upstreams: &Upstreams,
    ) -> ApiResult<Arc<str>> {
        if let Some(refusal) = self.refused.get(&name).await {
            return Err(self.told(&refusal));
        }
        if let Some(held) = self.tokens.get(&name).await {
            return Ok(held.token);
        }
        match self.tokens.try_get_with(name, self.ask(proof, context, upstreams)).await {
            Ok(held) => Ok(held.token),
            Err(refusal) => {
                if !matches!(*refusal, Refusal::Unanswered(..)) {
                    self.refused.insert(name, Refusal::clone(&refusal)).await;
                }
                Err(self.told(&refusal))
            }
        }
    }

    async fn ask<P: Serialize + Send + Sync>(
        &self,
        proof: P,
        context: &RequestContext,
        upstreams: &Upstreams,
    ) -> Result<Held, Refusal> {
        let question = Question { proof, ip: context.ip(), user_agent: context.user_agent() };
        let _admitted = upstreams.admit(Upstream::Auth)?;
        let answer: ApiResult<Answer> = self.auth.post_json(self.path, &question).await;
        match &answer {
            Err(error) if error.kind() == ErrorKind::UpstreamTimeout => {
                upstreams.failed(Upstream::Auth, "timed_out");
            }
            Err(error) if error.kind() == ErrorKind::ServiceUnavailable => {
                upstreams.failed(Upstream::Auth, "unreachable");
            }
            _ => upstreams.answered(Upstream::Auth),
        }
        let Answer { access_token, expires_in } = answer?;
        let token = access_token.ok_or(Refusal::Invalid)?;
        Ok(Held { token, good_for: Duration::from_secs(expires_in).saturating_sub(MARGIN) })
    }

    /// What the client is told.
    fn told(&self, refusal: &Refusal) -> ApiError {
        let (error, wait) = match refusal {
            Refusal::Invalid => return self.invalid(),
            Refusal::Forbidden(text) => return ApiError::new(ErrorKind::Forbidden, text.clone()),
            Refusal::Unanswered(ErrorKind::ServiceUnavailable, wait) => {
                (ApiError::unavailable("service auth"), *wait)
            }
            Refusal::Unanswered(kind, wait) => (ApiError::of(*kind), *wait),
        };
        match wait {
            Some(wait) => error.retry_after(wait),
            None => error,
        }
    }

    /// 401 for a proof that does not count.
    pub(crate) fn invalid(&self) -> ApiError {
        ApiError::new(ErrorKind::TokenInvalid, self.invalid)
    }
}

/// The header that services are sent instead of the proof's.
pub(crate) fn bearer(token: &str) -> ApiResult<HeaderValue> {
    HeaderValue::from_str(&format!("Bearer {token}")).map_err(ApiError::internal)
}
