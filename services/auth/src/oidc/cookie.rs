//! The cookie that binds a sign-in to the browser that began it.
//!
//! It is `HttpOnly` (no script reads it), `SameSite=Lax` (it comes along when the provider sends the browser back, and with no
//! form of another site), and with TLS `__Host-`, so that no neighbour under the same domain can plant one.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::COOKIE;
use actix_web::{FromRequest, HttpRequest};

use crate::domain::opaque_token::OpaqueToken;

/// As long as a sign-in may take.
pub(crate) const LIFE_S: i64 = 600;

/// The cookie of one installation.
#[derive(Debug, Clone)]
pub(crate) struct BrowserCookie {
    secure: bool,
}

impl BrowserCookie {
    /// The cookie for clients at this URL.
    pub(crate) fn new(public_url: &str) -> Self {
        Self { secure: public_url.starts_with("https://") }
    }

    fn name(&self) -> &'static str {
        if self.secure { "__Host-colink-oidc" } else { "colink-oidc" }
    }

    /// The header that sets it.
    pub(crate) fn header(&self, browser: &OpaqueToken) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        let (name, value) = (self.name(), browser.reveal());
        format!("{name}={value}; Path=/; Max-Age={LIFE_S}; HttpOnly; SameSite=Lax{secure}")
    }

    /// What the browser brought; `None` when there is none, or more than one to choose from.
    pub(crate) fn read(&self, cookies: &Cookies) -> Option<OpaqueToken> {
        let mut values = cookies.0.iter().filter(|(name, _)| name == self.name()).map(|(_, value)| value);
        let first = values.next()?;
        if values.next().is_some() { None } else { OpaqueToken::parse(first) }
    }
}

/// Extractor: the request's cookies. `Debug` does not show them.
pub(crate) struct Cookies(Vec<(String, String)>);

impl FromRequest for Cookies {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let headers = request.headers().get_all(COOKIE).filter_map(|value| value.to_str().ok());
        let pairs = headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.split_once('='));
        let pairs = pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect();
        ready(Ok(Self(pairs)))
    }
}

impl std::fmt::Debug for Cookies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cookies(…)")
    }
}
