//! What is put right on every answer: the envelope of a bare failure, the request id, the security headers.

use actix_web::HttpResponse;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use colink_core::error::ErrorKind;

use crate::context::{REQUEST_ID, RequestContext};
use crate::{envelope, error};

/// Headers that an answer gets unless it has them: an API answer is data, never a page.
const DEFAULTS: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// A failure without a body of its own gets the envelope; anything else passes untouched.
pub(super) fn response<B: MessageBody>(
    response: ServiceResponse<B>,
    context: &RequestContext,
) -> ServiceResponse<EitherBody<B>> {
    match kind_of_bare(response.response()) {
        None => response.map_into_left_body(),
        Some(kind) => {
            let (request, old) = response.into_parts();
            let new = in_envelope(kind, old.headers(), context);
            ServiceResponse::new(request, new).map_into_right_body()
        }
    }
}

/// The same for an answer that lost its request.
pub(super) fn bare(response: HttpResponse, context: &RequestContext) -> HttpResponse {
    match kind_of_bare(&response) {
        None => response,
        Some(kind) => in_envelope(kind, response.headers(), context),
    }
}

pub(super) fn secure(headers: &mut HeaderMap, hsts: bool) {
    for (name, value) in DEFAULTS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if hsts {
        let forever = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, forever);
    }
}

pub(super) fn name(headers: &mut HeaderMap, context: &RequestContext) {
    if let Ok(id) = HeaderValue::from_str(context.request_id().as_str()) {
        headers.insert(REQUEST_ID, id);
    }
}

/// A failure is bare when it has no content type, or the plain text that the framework writes.
fn kind_of_bare<B>(response: &HttpResponse<B>) -> Option<ErrorKind> {
    let kind = kind_of(response.status())?;
    let media = response.headers().get(header::CONTENT_TYPE);
    let bare = media.is_none_or(|media| media.as_bytes().starts_with(b"text/plain"));
    bare.then_some(kind)
}

fn in_envelope(kind: ErrorKind, old: &HeaderMap, context: &RequestContext) -> HttpResponse {
    let mut response = envelope::failure(kind, error::text_of(kind), &[], context);
    let kept = [header::ALLOW, header::RETRY_AFTER, header::WWW_AUTHENTICATE];
    for name in kept {
        for value in old.get_all(&name) {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    response
}

/// What a status means when nothing more is known. Statuses that are not in the API's table stay bare.
fn kind_of(status: StatusCode) -> Option<ErrorKind> {
    Some(match status.as_u16() {
        400 => ErrorKind::InvalidRequest,
        401 => ErrorKind::Unauthorized,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        405 => ErrorKind::MethodNotAllowed,
        406 => ErrorKind::NotAcceptable,
        409 => ErrorKind::Conflict,
        412 => ErrorKind::PreconditionFailed,
        413 => ErrorKind::PayloadTooLarge,
        415 => ErrorKind::UnsupportedMediaType,
        429 => ErrorKind::RateLimited,
        500 => ErrorKind::Internal,
        502 => ErrorKind::Upstream,
        503 => ErrorKind::ServiceUnavailable,
        504 => ErrorKind::UpstreamTimeout,
        _ => return None,
    })
}
