//! API keys at the edge: services know only access tokens, so a key is exchanged for one.
//!
//! A key that is not well-formed is refused here. Others are asked about at auth.

use std::sync::Arc;

use colink_auth::ApiKey;
use colink_core::id::SessionId;
use colink_http::ApiResult;
use colink_http::client::InternalClient;
use colink_http::context::RequestContext;
use serde::Serialize;

use crate::exchange::Exchange;
use crate::upstreams::Upstreams;

/// Public part and hash of the secret.
type Name = (SessionId, [u8; 32]);

/// Exchanges keys for tokens.
#[derive(Debug)]
pub struct ApiKeys(Exchange<Name>);

#[derive(Serialize)]
struct Proof<'a> {
    key: &'a str,
}

impl ApiKeys {
    /// Asks `auth`.
    pub fn new(auth: InternalClient) -> Self {
        Self(Exchange::new(auth, "/internal/api-keys/exchange", "The API key is not valid."))
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
        let Some(key) = ApiKey::parse(text) else { return Err(self.0.invalid()) };
        self.0.token((key.id(), key.hash()), Proof { key: text }, context, upstreams).await
    }
}
