//! [`TokenIdentity`]: whose idempotency keys they are.

use actix_web::HttpRequest;
use colink_http::ApiResult;
use colink_http::idempotency::Identify;
use futures_util::future::LocalBoxFuture;

use crate::caller::Authenticator;
use crate::claims::Claims;
use crate::token::TokenError;

/// Names a caller by his user id, and by his scopes when his token has any: an answer that one key got is not repeated to
/// one that might not have got it. A request without a good token is anonymous: its handler refuses it, or
/// does not need one. So is a session that has to enrol a second factor first: under the user's name it would get the
/// answers that were kept for his full sessions.
#[derive(Debug, Clone)]
pub struct TokenIdentity(pub Authenticator);

impl Identify for TokenIdentity {
    fn identify<'a>(&'a self, request: &'a HttpRequest) -> LocalBoxFuture<'a, ApiResult<Option<String>>> {
        Box::pin(async move {
            match self.0.identify(request).await {
                Ok(claims) => Ok(Some(name(&claims))),
                // Not anonymous, only not known yet: under another name its answer could not be found again.
                Err(TokenError::Unavailable) => Err(TokenError::Unavailable.into()),
                Err(_) => Ok(None),
            }
        })
    }
}

fn name(claims: &Claims) -> String {
    match claims.scope {
        None => format!("user:{}", claims.sub),
        Some(scopes) => format!("user:{} {scopes}", claims.sub),
    }
}
