//! [`Query`]: the query string, read strictly.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use colink_core::error::ErrorKind;
use futures_util::future::{Ready, ready};
use serde::de::DeserializeOwned;

use crate::error::{ApiError, ApiResult};
use crate::params::{self, Pairs};

/// Extractor: the query string as a `T`. Derive `Deserialize` with `deny_unknown_fields`; do not use
/// `flatten`, which cannot tell numbers from text. An empty value of an `Option` counts as absent; a `Vec` is
/// a list separated by commas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Self))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> ApiResult<T> {
    params::read(pairs(query)?).map_err(|refused| {
        let message = format!("The query cannot be read: {refused}.");
        ApiError::new(ErrorKind::InvalidRequest, message).with_details(vec![refused])
    })
}

/// The decoded parameters of a query string.
///
/// # Errors
/// 400 `INVALID_REQUEST` when an escape is broken or the text is not UTF-8.
pub(crate) fn pairs(query: &str) -> ApiResult<Pairs> {
    let decoded = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((params::decode(name, true)?, params::decode(value, true)?))
    });
    let broken = || ApiError::new(ErrorKind::InvalidRequest, "The query is not percent-encoded UTF-8.");
    decoded.collect::<Option<Pairs>>().ok_or_else(broken)
}
