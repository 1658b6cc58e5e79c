//! Parts of requests that several endpoints share.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use colink_core::error::{FieldError, Invalid};
use colink_core::id::FileId;
use colink_core::page::Cursor;
use colink_core::text::IdempotencyKey;
use colink_http::idempotency::IDEMPOTENCY_KEY;
use colink_http::validate::{each, field};
use colink_http::{ApiError, ApiResult};
use serde::de::DeserializeOwned;

/// Extractor: the header `Idempotency-Key`, for the sends that keep their keys themselves.
#[derive(Debug)]
pub(crate) struct SendKey(pub(crate) Option<IdempotencyKey>);

impl FromRequest for SendKey {
    type Error = ApiError;
    type Future = std::future::Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let value = request.headers().get(IDEMPOTENCY_KEY);
        let parsed = value.map(|value| IdempotencyKey::parse(value.to_str().unwrap_or("\u{FFFD}")));
        let key = parsed.transpose().map_err(|reason| ApiError::invalid("Idempotency-Key", reason));
        std::future::ready(key.map(Self))
    }
}

/// The files of a message: ids, each once, at most `max`.
///
/// # Errors
/// Names the list or the item that was refused.
pub(crate) fn file_ids(texts: Vec<String>, max: usize) -> Result<Vec<FileId>, FieldError> {
    if texts.len() > max {
        let reason = format!("must name at most {max} files, and names {}", texts.len());
        return Err(FieldError::new("file_ids", reason));
    }
    let mut seen = Vec::with_capacity(texts.len());
    each("file_ids", texts, |text| {
        let id: FileId = text.parse()?;
        if seen.contains(&id) {
            return Err(Invalid::new("is named twice"));
        }
        seen.push(id);
        Ok(id)
    })
}

/// The position inside the parameter `cursor`, or where a list begins.
///
/// # Errors
/// When the text is no cursor of this list.
pub(crate) fn position<T: DeserializeOwned>(cursor: Option<String>, start: T) -> Result<T, FieldError> {
    match cursor {
        Some(text) => field("cursor", Cursor::from_text(text).decode()),
        None => Ok(start),
    }
}
