//! [`Body`]: a JSON body, read whole and strictly.
//!
//! Refused before parsing: a wrong content type or any content encoding (415), a body over the limit (413,
//! at once when its length is announced). Refused by parsing, each with the path of the place in `details`:
//! malformed JSON or UTF-8, an unknown or repeated field, a wrong type, a NUL, a lone surrogate, nesting
//! deeper than 128.

mod place;
mod shape;

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use bytes::{Bytes, BytesMut};
use colink_core::error::ErrorKind;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use crate::config::{DEFAULT_BODY_LIMIT, HttpConfig};
use crate::error::{ApiError, ApiResult};

pub(crate) use shape::of_message;

/// Extractor: a JSON body as a `T`. Derive `Deserialize` with `deny_unknown_fields`, and give text that must
/// be there `#[serde(default)]`, so that an absent value is listed among the refused ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body<T>(pub T);

/// Extractor: a JSON body that may be left out altogether.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionalBody<T>(pub Option<T>);

/// How much is read and how long it may take; registered by the server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimits {
    pub(crate) bytes: usize,
    pub(crate) time: Duration,
}

impl BodyLimits {
    pub(crate) fn of_config(config: &HttpConfig) -> Self {
        Self { bytes: config.body_limit, time: Duration::from_millis(config.body_timeout_ms) }
    }

    fn of_request(request: &HttpRequest) -> Self {
        request.app_data::<Data<Self>>().map_or_else(Self::default, |limits| ***limits)
    }
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { bytes: DEFAULT_BODY_LIMIT, time: Duration::from_secs(15) }
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, ApiResult<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let readable = check_media(request);
        let reading = read(request, payload.take());
        Box::pin(async move {
            readable?;
            parse(&reading?.await?).map(Self)
        })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for OptionalBody<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, ApiResult<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let readable = check_media(request);
        let reading = read(request, payload.take());
        Box::pin(async move {
            let bytes = reading?.await?;
            if bytes.is_empty() {
                return Ok(Self(None));
            }
            readable?;
            parse(&bytes).map(|value| Self(Some(value)))
        })
    }
}

fn check_media(request: &HttpRequest) -> ApiResult<()> {
    let text = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    let encoded = text(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity");
    let media = text(header::CONTENT_TYPE).and_then(|media| media.split(';').next()).unwrap_or_default();
    if is_json(media.trim()) && !encoded {
        Ok(())
    } else {
        Err(ApiError::of(ErrorKind::UnsupportedMediaType))
    }
}

fn is_json(media: &str) -> bool {
    let structured = || media.starts_with("application/") && media.ends_with("+json");
    media.eq_ignore_ascii_case("application/json") || structured()
}

/// Reads the whole body within the limits of the server.
///
/// # Errors
/// 413 over the limit (at once when the length is announced), 400 when it breaks off or takes too long.
pub(crate) fn read(
    request: &HttpRequest,
    payload: Payload,
) -> ApiResult<impl Future<Output = ApiResult<Bytes>> + use<>> {
    let limits = BodyLimits::of_request(request);
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limits.bytes) {
        return Err(too_large(limits.bytes));
    }
    Ok(async move {
        // A small body has mostly arrived with the head: no timer is needed then.
        let reading = collect(payload, limits.bytes);
        tokio::time::timeout(limits.time, reading).await.unwrap_or_else(|_| {
            Err(ApiError::new(ErrorKind::InvalidRequest, "The body did not arrive in time."))
        })
    })
}

async fn collect(mut payload: Payload, limit: usize) -> ApiResult<Bytes> {
    let Some(first) = next(&mut payload).await? else { return Ok(Bytes::new()) };
    let Some(second) = next(&mut payload).await? else {
        return if first.len() > limit { Err(too_large(limit)) } else { Ok(first) };
    };
    let mut all = BytesMut::with_capacity(first.len() + second.len());
    all.extend_from_slice(&first);
    all.extend_from_slice(&second);
    while all.len() <= limit {
        match next(&mut payload).await? {
            Some(more) => all.extend_from_slice(&more),
            None => return Ok(all.freeze()),
        }
    }
    Err(too_large(limit))
}

async fn next(payload: &mut Payload) -> ApiResult<Option<Bytes>> {
    payload.next().await.transpose().map_err(|error| {
        ApiError::new(ErrorKind::InvalidRequest, "The body broke off.").caused_by(error.to_string())
    })
}

fn too_large(limit: usize) -> ApiError {
    let message = format!("The body is larger than {limit} bytes.");
    ApiError::new(ErrorKind::PayloadTooLarge, message)
}

/// Reads JSON as strictly as the extractor does: for a body that comes another way, such as a socket frame.
/// It must be an object: a list would be taken for the fields in their order.
///
/// # Errors
/// 400 `INVALID_REQUEST` with the path of the refused place.
pub fn parse<T: DeserializeOwned>(json: &[u8]) -> ApiResult<T> {
    if let Some(offset) = place::of_nul(json) {
        return Err(shape::refused(place::path(json, offset), "must not contain NUL"));
    }
    if json.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(shape::refused("body".to_owned(), "must be a JSON object, not a list"));
    }
    serde_json::from_slice(json).map_err(|error| shape::explain(json, &error))
}
