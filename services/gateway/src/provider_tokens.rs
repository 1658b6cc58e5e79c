//! Access tokens of trusted issuers at the edge: services take tokens of one issuer, ours, so such a token is
//! exchanged for one of a minute's life, as an API key is. Off unless `provider_tokens.issuers` names one.
//!
//! Who made a token is read from the token itself and decides only who is asked: what names no trusted issuer is verified as a
//! token of ours and nothing else, what names one is verified by auth, which knows the provider's keys, and whose account
//! it is. The answer is remembered by the token's hash: a token of ours until shortly before its end, a refusal for a while.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use colink_core::error::ErrorKind;
use colink_http::client::InternalClient;
use colink_http::context::RequestContext;
use colink_http::{ApiError, ApiResult};
use moka::future::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::api_keys::{Held, Refusal, UntilItsEnd, ask, unanswered};
use crate::upstreams::Upstreams;

/// Longest token that is looked at, in bytes.
const TOKEN_MAX: usize = 16 * 1024;
/// Tokens that are remembered, and as many that were refused.
const REMEMBERED: u64 = 10_000;
/// How long a refusal is remembered. Not longer: whoever was refused for want of an account may get one.
const REFUSED_FOR: Duration = Duration::from_secs(30);

/// SHA-256: what is remembered holds no token of others.
type Name = [u8; 32];

/// Exchanges tokens of others for ours.
#[derive(Debug)]
pub struct ProviderTokens {
    auth: InternalClient,
    issuers: Vec<String>,
    tokens: Cache<Name, Held>,
    refused: Cache<Name, ApiRefusal>,
}

/// A refusal that stays for a while.
#[derive(Debug, Clone)]
struct ApiRefusal(ErrorKind, String);

/// What auth is asked. The client is named, because auth limits failures and records sessions.
#[derive(Serialize)]
struct Exchange<'a> {
    issuer: &'a str,
    token: &'a str,
    ip: Option<IpAddr>,
    user_agent: Option<&'a str>,
}

/// All that is read of a token that is not verified yet.
#[derive(Deserialize)]
struct Unverified {
    iss: String,
}

impl ProviderTokens {
    /// Asks `auth` about tokens of `issuers`.
    pub fn new(auth: InternalClient, issuers: Vec<String>) -> Self {
        Self {
            auth,
            issuers,
            tokens: Cache::builder().max_capacity(REMEMBERED).expire_after(UntilItsEnd).build(),
            refused: Cache::builder().max_capacity(REMEMBERED).time_to_live(REFUSED_FOR).build(),
        }
    }

    /// The trusted issuer that the token says it is of.
    pub fn issuer_of(&self, token: &str) -> Option<&str> {
        if self.issuers.is_empty() || token.len() > TOKEN_MAX {
            return None;
        }
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        let Unverified { iss } = serde_json::from_slice(&payload).ok()?;
        self.issuers.iter().find(|issuer| **issuer == iss).map(String::as_str)
    }

    /// A token of ours for one of `issuer`.
    ///
    /// # Errors
    /// 401 for a token that does not count, 403 that says what keeps its bearer out, 429 after too many wrong ones, 503 or
    /// 504 while auth or the provider does not answer.
    pub async fn exchange(
        &self,
        issuer: &str,
        token: &str,
        context: &RequestContext,
        upstreams: &Upstreams,
    ) -> ApiResult<Arc<str>> {
        let name = Sha256::digest(token).into();
        if let Some(ApiRefusal(kind, message)) = self.refused.get(&name).await {
            return Err(ApiError::new(kind, message));
        }
        if let Some(held) = self.tokens.get(&name).await {
            return Ok(held.token);
        }
        let body = Exchange { issuer, token, ip: context.ip(), user_agent: context.user_agent() };
        let asking = ask(&self.auth, "/internal/provider-tokens/exchange", &body, upstreams);
        match self.tokens.try_get_with(name, asking).await {
            Ok(held) => Ok(held.token),
            Err(refusal) => Err(self.refuse(name, &refusal).await),
        }
    }

    async fn refuse(&self, name: Name, refusal: &Refusal) -> ApiError {
        let (kind, message) = match refusal {
            Refusal::Invalid => {
                (ErrorKind::TokenInvalid, "The provider's token is not valid here.".to_owned())
            }
            Refusal::Auth(ErrorKind::Forbidden, message, _) => (ErrorKind::Forbidden, message.clone()),
            Refusal::Auth(kind, _, wait) => return unanswered(*kind, *wait),
        };
        self.refused.insert(name, ApiRefusal(kind, message.clone())).await;
        ApiError::new(kind, message)
    }
}
