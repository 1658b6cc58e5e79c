//! The one place that writes an answer: `{"success":true,"data":…,"meta":…}` or
//! `{"success":false,"error":…,"meta":…}`.
//!
//! The types are for documents and for clients that read an answer; answers are written by [`success`] and
//! [`failure`] alone.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use colink_core::error::{ErrorKind, FieldError};
use colink_core::id::RequestId;
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::context::RequestContext;

/// A successful answer around a `T`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Success<T> {
    /// Always `true`.
    pub success: bool,
    /// What was asked for.
    pub data: T,
    /// The name and time of the answer.
    pub meta: Meta,
}

/// A failed answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// Always `false`.
    pub success: bool,
    /// What went wrong.
    pub error: ErrorBody,
    /// The name and time of the answer.
    pub meta: Meta,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// The code: what programs look at.
    pub code: ErrorKind,
    /// The sentence: what people read.
    #[schema(example = "Some fields were refused.")]
    pub message: String,
    /// Every refused field, when fields were refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<FieldError>,
}

/// The name and time of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Meta {
    /// The name of the request, also in the header `X-Request-ID` and in every log line.
    #[schema(value_type = String, example = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a")]
    pub request_id: RequestId,
    /// When the answer was made.
    pub timestamp: Timestamp,
}

#[derive(Serialize)]
struct ErrorView<'a> {
    code: ErrorKind,
    message: &'a str,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    details: &'a [FieldError],
}

/// The body of a successful answer around `data`, which is JSON already.
pub(crate) fn success(data: &[u8], context: &RequestContext) -> Vec<u8> {
    wrap(b"{\"success\":true,\"data\":", data, context)
}

/// The whole answer to a failed request, without the headers that depend on the kind.
pub(crate) fn failure(
    kind: ErrorKind,
    message: &str,
    details: &[FieldError],
    context: &RequestContext,
) -> HttpResponse {
    let error = ErrorView { code: kind, message, details };
    // Strings and a list of strings always have a JSON form.
    let error = serde_json::to_vec(&error).unwrap_or_else(|_| b"null".to_vec());
    json(status_of(kind), wrap(b"{\"success\":false,\"error\":", &error, context))
}

/// An answer with a JSON body.
pub(crate) fn json(status: StatusCode, body: Vec<u8>) -> HttpResponse {
    let mut response = HttpResponse::new(status);
    let media = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    response.set_body(actix_web::body::BoxBody::new(body))
}

/// The status of a kind as the framework writes it.
pub(crate) fn status_of(kind: ErrorKind) -> StatusCode {
    StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn wrap(open: &[u8], inner: &[u8], context: &RequestContext) -> Vec<u8> {
    let mut body = Vec::with_capacity(open.len() + inner.len() + 128);
    body.extend_from_slice(open);
    body.extend_from_slice(inner);
    // A request id holds only letters, digits, dots, underscores and hyphens: nothing to escape.
    body.extend_from_slice(b",\"meta\":{\"request_id\":\"");
    body.extend_from_slice(context.request_id().as_str().as_bytes());
    body.extend_from_slice(b"\",\"timestamp\":\"");
    body.extend_from_slice(context.now().to_string().as_bytes());
    body.extend_from_slice(b"\"}}");
    body
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use colink_core::clock::{ManualClock, SharedClock};

    use super::*;

    fn context() -> RequestContext {
        let clock: SharedClock = Arc::new(ManualClock::default());
        RequestContext::of_event(Some(RequestId::parse("r-1").unwrap()), None, &clock)
    }

    #[test]
    fn a_success_reads_back_as_its_documented_type() {
        let body = success(br#"{"n":1}"#, &context());
        let text = r#"{"success":true,"data":{"n":1},"meta":{"request_id":"r-1","timestamp":"2026-01-01T00:00:00.000Z"}}"#;
        assert_eq!(String::from_utf8(body.clone()).unwrap(), text);
        let read: Success<serde_json::Value> = serde_json::from_slice(&body).unwrap();
        assert_eq!(read.data["n"], 1);
    }
}
