//! Entity tags: `If-None-Match` spares a body, `If-Match` keeps one writer from overwriting another.

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderName};
use actix_web::{FromRequest, HttpRequest};
use colink_core::error::ErrorKind;
use futures_util::future::{Ready, ready};
use sha2::{Digest, Sha256};

use crate::error::{ApiError, ApiResult};

/// The tag of a resource that counts its versions: `"v7"`.
pub fn of_version(version: i64) -> String {
    format!("\"v{version}\"")
}

/// The tag of a body: `"` + 128 bits of its SHA-256 in hex + `"`.
pub fn of_bytes(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    format!("\"{}\"", hex::encode(&digest[..16]))
}

/// Extractor: the tags of the header `If-Match`, if it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Option<String>);

impl IfMatch {
    /// Lets an update go on when the caller named no version, any (`*`) or the `current` one.
    ///
    /// # Errors
    /// 412 `PRECONDITION_FAILED` when only other versions are named.
    pub fn check(&self, current: &str) -> ApiResult<()> {
        match &self.0 {
            Some(tags) if !names(tags, current, false) => Err(ApiError::of(ErrorKind::PreconditionFailed)),
            _ => Ok(()),
        }
    }

    /// Whether the header was sent.
    pub fn is_sent(&self) -> bool {
        self.0.is_some()
    }
}

impl FromRequest for IfMatch {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(joined(request, header::IF_MATCH))))
    }
}

/// Whether the caller has the `current` body already.
pub(crate) fn is_known(request: &HttpRequest, current: &str) -> bool {
    joined(request, header::IF_NONE_MATCH).is_some_and(|tags| names(&tags, current, true))
}

fn joined(request: &HttpRequest, name: HeaderName) -> Option<String> {
    let mut values = request.headers().get_all(name).filter_map(|value| value.to_str().ok());
    let first = values.next()?.to_owned();
    Some(values.fold(first, |all, next| all + "," + next))
}

/// RFC 9110, 8.8.3.2: `If-None-Match` compares weakly, `If-Match` strongly.
fn names(tags: &str, current: &str, weakly: bool) -> bool {
    let opaque = |tag: &str| tag.strip_prefix("W/").filter(|_| weakly).unwrap_or(tag).to_owned();
    let current = opaque(current);
    tags.split(',').map(str::trim).any(|tag| tag == "*" || opaque(tag) == current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_compare_weakly_or_strongly() {
        assert!(names("\"v1\", \"v2\"", "\"v2\"", false));
        assert!(names("*", "\"v2\"", false));
        assert!(names("W/\"v2\"", "\"v2\"", true));
        assert!(!names("W/\"v2\"", "\"v2\"", false));
        assert!(!names("\"v1\"", "\"v2\"", true));
    }

    #[test]
    fn a_stale_if_match_is_412() {
        let stale = IfMatch(Some(of_version(1)));
        assert_eq!(stale.check(&of_version(2)).unwrap_err().kind(), ErrorKind::PreconditionFailed);
        assert!(stale.check(&of_version(1)).is_ok());
        assert!(IfMatch(None).check("\"x\"").is_ok());
    }
}
