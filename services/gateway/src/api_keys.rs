//! API keys at the edge: services know only access tokens, so a key is exchanged for one of a minute's life.
//!
//! A key that is not well-formed is refused here. Others are asked about at auth, the same key by one call at a time,
//! and the answer is remembered: a token until shortly before its end, a refusal for a while. A revoked key's token is
//! refused by every service, so what is remembered here gives nobody a right. While auth is away, what is remembered
//! goes on.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderValue;
use colink_auth::ApiKey;
use colink_core::error::ErrorKind;
use colink_core::id::SessionId;
use colink_http::client::InternalClient;
use colink_http::context::RequestContext;
use colink_http::{ApiError, ApiResult};
use moka::Expiry;
use moka::future::Cache;
use serde::{Deserialize, Serialize};

use crate::domain::table::Upstream;
use crate::upstreams::Upstreams;

/// Keys whose tokens are remembered, and as many that were refused.
const REMEMBERED: u64 = 10_000;
/// How long a refusal is remembered. A key that is refused stays so: its secret is wrong or has ended.
const REFUSED_FOR: Duration = Duration::from_secs(30);
/// A token is not given out in its last seconds: its call would come too late at a slow service.
const MARGIN: Duration = Duration::from_secs(5);

/// Public part and hash of the secret: what is remembered holds no key.
type Name = (SessionId, [u8; 32]);

/// Exchanges keys for tokens.
#[derive(Debug)]
pub struct ApiKeys {
    auth: InternalClient,
    tokens: Cache<Name, Held>,
    refused: Cache<Name, ()>,
}

/// A token that a key, or a provider's token, was exchanged for.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) token: Arc<str>,
    good_for: Duration,
}

/// Why there is no token.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Refusal {
    /// It does not count.
    #[error("the key is not valid")]
    Invalid,
    /// Another answer, with its text.
    #[error("auth said {0}")]
    Auth(ErrorKind, String, Option<Duration>),
}

/// A token is remembered until shortly before its end.
pub(crate) struct UntilItsEnd;

impl<K> Expiry<K, Held> for UntilItsEnd {
    fn expire_after_create(&self, _name: &K, held: &Held, _created_at: Instant) -> Option<Duration> {
        Some(held.good_for)
    }
}

/// What auth is asked. The client is named, because auth limits failures and records uses.
#[derive(Serialize)]
struct Exchange<'a> {
    key: &'a str,
    ip: Option<IpAddr>,
    user_agent: Option<&'a str>,
}

/// What auth answers; no token when the key does not count.
#[derive(Deserialize)]
struct Answer {
    access_token: Option<Arc<str>>,
    #[serde(default)]
    expires_in: u64,
}

impl ApiKeys {
    /// Asks `auth`.
    pub fn new(auth: InternalClient) -> Self {
        Self {
            auth,
            tokens: Cache::builder().max_capacity(REMEMBERED).expire_after(UntilItsEnd).build(),
            refused: Cache::builder().max_capacity(REMEMBERED).time_to_live(REFUSED_FOR).build(),
        }
    }

    /// A token for the key.
    ///
    /// # Errors
    /// 401 for a key that does not count, 429 after too many of them, 503 or 504 while auth does not answer.
    pub async fn exchange(
        &self,
        text: &str,
        context: &RequestContext,
        upstreams: &Upstreams,
    ) -> ApiResult<Arc<str>> {
        let Some(key) = ApiKey::parse(text) else { return Err(invalid()) };
        let name = (key.id(), key.hash());
        if self.refused.contains_key(&name) {
            return Err(invalid());
        }
        let held = match self.tokens.get(&name).await {
            Some(held) => held,
            None => {
                let asking = self.ask(text, context, upstreams);
                let asked = self.tokens.try_get_with(name, asking).await;
                match asked {
                    Ok(held) => held,
                    Err(refusal) => return Err(self.refuse(name, &refusal).await),
                }
            }
        };
        Ok(held.token)
    }

    async fn refuse(&self, name: Name, refusal: &Refusal) -> ApiError {
        match refusal {
            Refusal::Invalid => {
                self.refused.insert(name, ()).await;
                invalid()
            }
            Refusal::Auth(kind, _, wait) => unanswered(*kind, *wait),
        }
    }

    async fn ask(&self, key: &str, context: &RequestContext, upstreams: &Upstreams) -> Result<Held, Refusal> {
        let body = Exchange { key, ip: context.ip(), user_agent: context.user_agent() };
        ask(&self.auth, "/internal/api-keys/exchange", &body, upstreams).await
    }
}

/// Asks auth for a token.
///
/// # Errors
/// [`Refusal`].
pub(crate) async fn ask<B: Serialize + Sync>(
    auth: &InternalClient,
    path: &str,
    body: &B,
    upstreams: &Upstreams,
) -> Result<Held, Refusal> {
    let refused = |error: ApiError| Refusal::Auth(error.kind(), error.message().to_owned(), error.wait());
    let _admitted = upstreams.admit(Upstream::Auth).map_err(refused)?;
    let answer: ApiResult<Answer> = auth.post_json(path, body).await;
    match &answer {
        Err(error) if error.kind() == ErrorKind::UpstreamTimeout => {
            upstreams.failed(Upstream::Auth, "timed_out");
        }
        Err(error) if error.kind() == ErrorKind::ServiceUnavailable => {
            upstreams.failed(Upstream::Auth, "unreachable");
        }
        _ => upstreams.answered(Upstream::Auth),
    }
    let Answer { access_token, expires_in } = answer.map_err(refused)?;
    let token = access_token.ok_or(Refusal::Invalid)?;
    let good_for = Duration::from_secs(expires_in).saturating_sub(MARGIN);
    Ok(Held { token, good_for })
}

/// What a client is told when auth gives no answer about him.
pub(crate) fn unanswered(kind: ErrorKind, wait: Option<Duration>) -> ApiError {
    let error = match kind {
        ErrorKind::ServiceUnavailable => ApiError::unavailable("service auth"),
        kind => ApiError::of(kind),
    };
    match wait {
        Some(wait) => error.retry_after(wait),
        None => error,
    }
}

/// The header that services are sent instead of the key's.
pub fn bearer(token: &str) -> ApiResult<HeaderValue> {
    HeaderValue::from_str(&format!("Bearer {token}")).map_err(ApiError::internal)
}

fn invalid() -> ApiError {
    ApiError::new(ErrorKind::TokenInvalid, "The API key is not valid.")
}
