//! Access tokens of trusted issuers at the edge: services take tokens of one issuer, ours, so such a token is
//! exchanged for one of ours, as an API key is. Off unless `provider_tokens.issuers` names one.
//!
//! Who made a token is read from the token itself and decides only who is asked: what names no trusted issuer is verified as a
//! token of ours and nothing else, what names one is verified by auth, which knows the provider's keys, and whose account
//! it is.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use colink_http::ApiResult;
use colink_http::client::InternalClient;
use colink_http::context::RequestContext;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::exchange::Exchange;
use crate::upstreams::Upstreams;

/// Longest token that is looked at, in bytes.
const TOKEN_MAX: usize = 16 * 1024;

/// SHA-256 of the token.
type Name = [u8; 32];

/// Exchanges tokens of others for ours.
#[derive(Debug)]
pub struct ProviderTokens {
    exchange: Exchange<Name>,
    issuers: Vec<String>,
}

#[derive(Serialize)]
struct Proof<'a> {
    issuer: &'a str,
    token: &'a str,
}

/// All that is read of a token that is not verified yet.
#[derive(Deserialize)]
struct Unverified {
    iss: String,
}

impl ProviderTokens {
    /// Asks `auth` about tokens of `issuers`.
    pub fn new(auth: InternalClient, issuers: Vec<String>) -> Self {
        let invalid = "The provider's token is not valid here.";
        Self { exchange: Exchange::new(auth, "/internal/provider-tokens/exchange", invalid), issuers }
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
        self.exchange.token(name, Proof { issuer, token }, context, upstreams).await
    }
}
