//! [`Reply`]: what a handler succeeds with.

use actix_web::body::BoxBody;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use colink_core::error::ErrorKind;
use serde::Serialize;

use crate::context::RequestContext;
use crate::error::ApiError;
use crate::{envelope, etag};

/// The header that marks an answer as given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A successful answer, put into the envelope on its way out; 204 has no body.
#[derive(Debug)]
#[must_use = "a reply is only sent when the handler returns it"]
pub struct Reply<T> {
    status: StatusCode,
    data: T,
    tag: Tag,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Debug)]
enum Tag {
    None,
    Known(String),
    OfBody,
}

impl<T: Serialize> Reply<T> {
    /// 200.
    pub fn ok(data: T) -> Self {
        Self::with_status(StatusCode::OK, data)
    }

    /// 201.
    pub fn created(data: T) -> Self {
        Self::with_status(StatusCode::CREATED, data)
    }

    /// 202: taken, and done later.
    pub fn accepted(data: T) -> Self {
        Self::with_status(StatusCode::ACCEPTED, data)
    }

    fn with_status(status: StatusCode, data: T) -> Self {
        Self { status, data, tag: Tag::None, headers: Vec::new() }
    }

    /// Sends `ETag: tag` (quotes included, see [`etag::of_version`]), and 304 to a GET that knows it.
    pub fn with_etag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Tag::Known(tag.into());
        self
    }

    /// The same with a tag made from the data itself: for lists, where no version says it all.
    pub fn with_body_etag(mut self) -> Self {
        self.tag = Tag::OfBody;
        self
    }

    /// Adds a header. A value that is no header value (it has a line break, say) is left out.
    pub fn header(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        match HeaderValue::from_str(value.as_ref()) {
            Ok(value) => self.headers.push((name, value)),
            Err(error) => tracing::error!(%name, %error, "a header was left out of an answer"),
        }
        self
    }

    /// Marks the answer as given before (`Idempotent-Replayed: true`).
    pub fn replayed(self, replayed: bool) -> Self {
        if replayed { self.header(REPLAYED, "true") } else { self }
    }

    fn answer(self, request: &HttpRequest) -> Result<HttpResponse, ApiError> {
        if reads(request) && !accepts_json(request) {
            return Err(ApiError::of(ErrorKind::NotAcceptable));
        }
        let data = serde_json::to_vec(&self.data)?;
        let tag = match self.tag {
            Tag::None => None,
            Tag::Known(tag) => Some(tag),
            Tag::OfBody => Some(etag::of_bytes(&data)),
        };
        let known = reads(request) && tag.as_deref().is_some_and(|tag| etag::is_known(request, tag));
        let mut response = if known {
            HttpResponse::new(StatusCode::NOT_MODIFIED)
        } else {
            envelope::json(self.status, envelope::success(&data, &RequestContext::current_or_new()))
        };
        if let Some(tag) = tag {
            // Private data that may be kept if it is asked for again each time.
            let caching = HeaderValue::from_static("private, no-cache");
            response.headers_mut().insert(header::CACHE_CONTROL, caching);
            let tag = HeaderValue::from_str(&tag).map_err(ApiError::internal)?;
            response.headers_mut().insert(header::ETAG, tag);
        }
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        Ok(response)
    }
}

impl Reply<()> {
    /// 204, without a body.
    pub fn no_content() -> Self {
        Self::with_status(StatusCode::NO_CONTENT, ())
    }
}

impl<T: Serialize> Responder for Reply<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        if self.status == StatusCode::NO_CONTENT {
            let mut response = HttpResponse::new(StatusCode::NO_CONTENT);
            for (name, value) in self.headers {
                response.headers_mut().append(name, value);
            }
            return response;
        }
        self.answer(request).unwrap_or_else(|error| error.error_response())
    }
}

fn reads(request: &HttpRequest) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD)
}

/// Only a GET is refused for its `Accept`: what a write did cannot be taken back for want of a format.
fn accepts_json(request: &HttpRequest) -> bool {
    let mut accepted = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
    let fits = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let known = ["*/*", "application/*", "application/json"];
        known.iter().any(|known| media.eq_ignore_ascii_case(known)) && !parts.any(is_zero_weight)
    };
    let Some(first) = accepted.next() else { return true };
    std::iter::once(first).chain(accepted).flat_map(|value| value.split(',')).any(fits)
}

fn is_zero_weight(parameter: &str) -> bool {
    let weight = parameter.strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
    weight.is_some_and(|weight| weight <= 0.0)
}
