//! [`Path`]: the parameters of a route.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use colink_core::error::FieldError;
use futures_util::future::{Ready, ready};
use serde::de::DeserializeOwned;

use crate::error::{ApiError, ApiResult};
use crate::params::{self, Pairs};

/// Extractor: the parameters of the route. `Path<ChannelId>` for a route with one, a tuple in the order of
/// the route or a struct by name for several. What cannot be read is 400 `VALIDATION_ERROR` and names the
/// parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Path<T> {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parsed = pairs(request).and_then(params::read);
        ready(parsed.map(Self).map_err(|refused| ApiError::validation(vec![refused])))
    }
}

/// The router has decoded all but `%2F`, `%25` and `%2B` already.
fn pairs(request: &HttpRequest) -> Result<Pairs, FieldError> {
    let decoded = |(name, value): (&str, &str)| {
        let broken = || FieldError::new(name, "must be percent-encoded UTF-8");
        Ok((name.to_owned(), params::decode(value, false).ok_or_else(broken)?))
    };
    request.match_info().iter().map(decoded).collect()
}
