//! Refresh tokens that a browser keeps in a cookie, out of reach of the scripts of its pages.
//!
//! Whoever signs in chooses with `X-Refresh-In: cookie`; a header, so that it works alike with every way in, and one
//! that no foreign page can send without asking the gateway first. The choice is for the life of the session:
//!
//! - The token comes as a cookie (`HttpOnly`, `SameSite=Strict`, for `/api/auth` alone) and in no body; presented in a
//!   body it is refused. The access token stays in the body and in the memory of the page.
//! - With it comes a CSRF token, in the body, once. The page repeats it in `X-CSRF-Token` at each refresh. It belongs to
//!   the session, so a cookie that somebody else planted is of no use to him, and two tabs share it.
//! - Requests that use the cookie are refused when a foreign page made them ([`colink_http::Browser::is_foreign`]).
//! - Signing in again ends the session of the old cookie: nothing that was there before is taken over.

use std::time::Duration;

use actix_web::http::header;
use colink_http::{Reply, RequestContext};
use serde::Serialize;
use sqlx::PgConnection;

use crate::config::BrowserConfig;
use crate::domain::opaque_token::OpaqueToken;
use crate::error::AuthError;
use crate::revocation::{Revocation, reason};
use crate::state::State;
use crate::store::refresh_tokens::{self, Held};
use crate::store::sessions;

/// The paths at the gateway that get the cookie.
const PATH: &str = "/api/auth";

/// How this installation writes the cookie, and whose pages may use it.
#[derive(Debug)]
pub(crate) struct CookieRules {
    name: &'static str,
    attributes: String,
    lifetime: Duration,
    trusted: Vec<String>,
}

impl CookieRules {
    /// The rules of `[browser]`; the pages of `public_url` are trusted, too.
    pub(crate) fn new(config: &BrowserConfig, public_url: &str, lifetime: Duration) -> Self {
        // The prefix lets no page without TLS plant the cookie (RFC 6265bis, 4.1.3.1).
        let (name, secure) = match config.secure_cookie {
            true => ("__Secure-colink_refresh", "; Secure"),
            false => ("colink_refresh", ""),
        };
        let attributes = format!("; Path={PATH}; HttpOnly; SameSite=Strict{secure}");
        Self { name, attributes, lifetime, trusted: config.trusted(public_url) }
    }

    fn cookie(&self, token: &OpaqueToken) -> String {
        format!("{}={}; Max-Age={}{}", self.name, token.reveal(), self.lifetime.as_secs(), self.attributes)
    }

    fn farewell(&self) -> String {
        format!("{}=; Max-Age=0{}", self.name, self.attributes)
    }

    /// The token in the request's cookie.
    ///
    /// # Errors
    /// [`AuthError::ForeignPage`]: the cookie was sent along by a page that may not use it.
    pub(crate) fn presented<'a>(&self, context: &'a RequestContext) -> Result<Option<&'a str>, AuthError> {
        match context.browser().cookie(self.name) {
            Some(_) if context.browser().is_foreign(&self.trusted) => Err(AuthError::ForeignPage),
            token => Ok(token),
        }
    }
}

/// Where the refresh token of a session goes.
#[derive(Debug)]
pub(crate) enum RefreshIn {
    /// Into the body.
    Body,
    /// Into a cookie; with the CSRF token when the session is new.
    Cookie(Option<OpaqueToken>),
}

impl RefreshIn {
    /// What the client of a sign-in asks for.
    ///
    /// # Errors
    /// [`AuthError::RefreshInUnknown`]; [`AuthError::ForeignPage`] when a page asks that may not have the cookie.
    pub(crate) fn asked(state: &State, context: &RequestContext) -> Result<Self, AuthError> {
        match context.browser().refresh_in() {
            None | Some("body") => Ok(Self::Body),
            Some("cookie") if context.browser().is_foreign(&state.cookies.trusted) => {
                Err(AuthError::ForeignPage)
            }
            Some("cookie") => Ok(Self::Cookie(Some(OpaqueToken::generate()))),
            Some(_) => Err(AuthError::RefreshInUnknown),
        }
    }

    /// The CSRF token of a new session.
    pub(crate) fn csrf_token(&self) -> Option<&OpaqueToken> {
        match self {
            Self::Body => None,
            Self::Cookie(token) => token.as_ref(),
        }
    }

    /// What stands in the body of the answer.
    pub(crate) fn body(&self, refresh: &OpaqueToken) -> Option<String> {
        matches!(self, Self::Body).then(|| refresh.reveal())
    }

    /// What stands in `Set-Cookie` of the answer.
    pub(crate) fn cookie(&self, state: &State, refresh: &OpaqueToken) -> Option<String> {
        matches!(self, Self::Cookie(_)).then(|| state.cookies.cookie(refresh))
    }
}

/// A refresh token as it was presented: where it stood decides what else is asked.
pub(crate) struct Presented<'a> {
    pub(crate) token: &'a str,
    from_cookie: bool,
}

impl<'a> Presented<'a> {
    /// The token of the body, or else of the cookie.
    ///
    /// # Errors
    /// [`AuthError::ForeignPage`].
    pub(crate) fn find(
        state: &State,
        context: &'a RequestContext,
        body: Option<&'a str>,
    ) -> Result<Option<Self>, AuthError> {
        if let Some(token) = body {
            return Ok(Some(Self { token, from_cookie: false }));
        }
        let token = state.cookies.presented(context)?;
        Ok(token.map(|token| Self { token, from_cookie: true }))
    }

    /// Whether this is the place where the session keeps its token, and how the next one is delivered. Asked before
    /// the use is judged: what a foreign page causes must not look like theft.
    ///
    /// # Errors
    /// [`AuthError::DeadRefreshToken`] from the wrong place, [`AuthError::WrongCsrfToken`].
    pub(crate) fn check(&self, held: &Held, context: &RequestContext) -> Result<RefreshIn, AuthError> {
        match (self.from_cookie, &held.csrf_hash) {
            (false, None) => Ok(RefreshIn::Body),
            (true, Some(kept)) => {
                let token = context.browser().csrf_token().and_then(OpaqueToken::parse);
                let matches = token.is_some_and(|token| token.hash().is(kept));
                matches.then_some(RefreshIn::Cookie(None)).ok_or(AuthError::WrongCsrfToken)
            }
            _ => Err(AuthError::DeadRefreshToken),
        }
    }
}

/// Ends the session of the cookie that a browser still has when somebody signs in with it, whoever that is.
///
/// # Errors
/// Failures of the database.
pub(crate) async fn end_previous(
    state: &State,
    transaction: &mut PgConnection,
    context: &RequestContext,
) -> Result<Option<Revocation>, AuthError> {
    let token = context.browser().cookie(state.cookies.name).and_then(OpaqueToken::parse);
    let Some(token) = token else { return Ok(None) };
    let Some(held) = refresh_tokens::lock(transaction, token.hash()).await? else { return Ok(None) };
    let (user_id, session_id, reason) = (held.user_id(), held.session_id(), reason::REPLACED);
    if !sessions::update_revoked(transaction, user_id, session_id, reason, state.clock.now()).await? {
        return Ok(None);
    }
    let cause = context.cause(Some(user_id), Some(session_id));
    Revocation::record(state, transaction, user_id, vec![session_id], reason, &cause).await.map(Some)
}

/// Takes the cookie back from a browser that has one.
pub(crate) fn forget<T: Serialize>(state: &State, context: &RequestContext, reply: Reply<T>) -> Reply<T> {
    if context.browser().cookie(state.cookies.name).is_none() {
        return reply;
    }
    reply.header(header::SET_COOKIE, state.cookies.farewell())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(secure_cookie: bool) -> CookieRules {
        let config = BrowserConfig { secure_cookie, allowed_origins: Vec::new() };
        CookieRules::new(&config, "https://chat.test", Duration::from_secs(60))
    }

    /// scripts cannot read it, other sites cannot send it, plain HTTP does not see it.
    #[test]
    fn the_cookie_is_as_closed_as_it_can_be() {
        let token = OpaqueToken::generate();
        let attributes = "; Max-Age=60; Path=/api/auth; HttpOnly; SameSite=Strict";
        let cookie = rules(true).cookie(&token);
        assert_eq!(cookie, format!("__Secure-colink_refresh={}{attributes}; Secure", token.reveal()));
        assert_eq!(rules(false).cookie(&token), format!("colink_refresh={}{attributes}", token.reveal()));
        assert!(rules(true).farewell().starts_with("__Secure-colink_refresh=; Max-Age=0; Path=/api/auth;"));
    }
}
