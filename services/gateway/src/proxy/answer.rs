//! The answer of a service on its way to the client.

use std::io;
use std::time::Duration;

use actix_web::body::{self, SizedStream};
use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder};
use awc::ClientResponse;
use awc::error::PayloadError;
use bytes::Bytes;
use colink_core::error::ErrorKind;
use colink_http::{ApiError, ApiResult};
use futures_util::{Stream, StreamExt, stream};
use tokio::time::timeout;

use super::WHOLE;
use super::headers::{content_length, copy_response};

/// Passes an answer on: a small body in one piece, a large one or one of unknown length as it comes.
///
/// # Errors
/// 502 when a small body breaks off, 504 when it takes too long; a stream is cut then, so that the client
/// does not take it for whole.
pub async fn pass_back(
    method: &Method,
    mut answer: ClientResponse<impl Stream<Item = Result<Bytes, PayloadError>> + Unpin + 'static>,
    deadline: Duration,
) -> ApiResult<HttpResponse> {
    let mut response = HttpResponse::build(answer.status());
    copy_response(answer.headers(), &mut response);
    let length = content_length(answer.headers());
    if *method == Method::HEAD {
        return Ok(sized(&mut response, length, stream::empty::<Result<Bytes, io::Error>>()));
    }
    if is_bodiless(answer.status()) {
        return Ok(bodiless(&mut response, length));
    }
    match length {
        Some(length) if length <= WHOLE => {
            let whole = timeout(deadline, answer.body().limit(WHOLE)).await;
            let whole = whole.map_err(|_elapsed| ApiError::of(ErrorKind::UpstreamTimeout))?;
            let whole =
                whole.map_err(|error| ApiError::of(ErrorKind::Upstream).caused_by(error.to_string()))?;
            Ok(response.body(whole))
        }
        length => Ok(sized(&mut response, length, until_silent(answer, deadline))),
    }
}

/// Statuses whose answers end with their head, whatever length it names (RFC 9112, section 6.3).
fn is_bodiless(status: StatusCode) -> bool {
    status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

fn bodiless(response: &mut HttpResponseBuilder, length: Option<usize>) -> HttpResponse {
    // The encoder leaves it out where it must not stand, and keeps it on a 304.
    if let Some(length) = length {
        response.insert_header((header::CONTENT_LENGTH, length));
    }
    response.body(body::None::new())
}

fn sized<E>(
    response: &mut HttpResponseBuilder,
    length: Option<usize>,
    body: impl Stream<Item = Result<Bytes, E>> + 'static,
) -> HttpResponse
where
    E: Into<Box<dyn std::error::Error>> + 'static,
{
    match length {
        Some(length) => response.body(SizedStream::new(length as u64, body)),
        None => response.streaming(body),
    }
}

/// A stream that fails when the service says nothing for `patience`. The time that the client takes over
/// what it was sent does not count.
fn until_silent(
    body: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin + 'static,
    patience: Duration,
) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        match timeout(patience, body.next()).await {
            Ok(chunk) => chunk.map(|chunk| (chunk, Some(body))),
            Err(_elapsed) => Some((Err(PayloadError::Io(io::ErrorKind::TimedOut.into())), None)),
        }
    })
}
