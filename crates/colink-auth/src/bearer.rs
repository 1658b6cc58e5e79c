//! Taking the token out of a request.

use actix_web::http::header::{self, HeaderMap};

use crate::token::TokenError;
use crate::verifier::invalid;

/// The token of `Authorization: Bearer …`.
///
/// # Errors
/// [`TokenError::Missing`] without the header, [`TokenError::Invalid`] when it is something else or is there
/// twice: two readers must not see two callers.
pub fn token(headers: &HeaderMap) -> Result<&str, TokenError> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let value = values.next().ok_or(TokenError::Missing)?;
    if values.next().is_some() {
        return Err(invalid("there are two"));
    }
    let text = value.to_str().ok().and_then(|text| text.split_once(' '));
    match text {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(invalid("the header is not a bearer token")),
    }
}
