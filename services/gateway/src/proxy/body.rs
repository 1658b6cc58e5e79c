//! The body of a request on its way to the service.

use std::cell::Cell;
use std::error::Error;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::error::PayloadError;
use actix_web::web;
use bytes::{Bytes, BytesMut};
use colink_core::error::ErrorKind;
use colink_http::{ApiError, ApiResult};
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;

use super::headers::content_length;
use super::{Call, WHOLE};

/// What is sent along.
pub enum Body {
    /// In one piece.
    Whole(Bytes),
    /// As it comes, so many bytes.
    Stream(usize, web::Payload),
}

/// Reads a small body; leaves a large one to be streamed. A body of unknown length is read, since it must
/// not reach the service before it is known to be within the limit.
pub async fn read_body(call: &Call<'_>, payload: web::Payload) -> ApiResult<Body> {
    let declared = content_length(call.request.headers());
    match declared {
        Some(length) if length > call.body.bytes => return Err(too_large()),
        Some(length) if length > WHOLE => return Ok(Body::Stream(length, payload)),
        _ => {}
    }
    let reading = collect(payload, declared.unwrap_or(0), call.body.bytes);
    let whole = timeout(call.body.time, reading).await.map_err(|_elapsed| too_slow())??;
    Ok(Body::Whole(whole))
}

async fn collect(mut payload: web::Payload, expected: usize, limit: usize) -> ApiResult<Bytes> {
    let mut whole = BytesMut::with_capacity(expected);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| broken_off(error.into()))?;
        if whole.len() + chunk.len() > limit {
            return Err(too_large());
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

/// Whom a streamed body waits for: the client that sends it or the service that takes it.
#[derive(Debug, Clone, Default)]
pub struct Progress(Rc<Cell<bool>>);

impl Progress {
    /// Notes from now on whether `payload` has something to give.
    pub fn watch(&self, payload: web::Payload) -> Watched {
        Watched { payload, progress: self.clone() }
    }

    /// Whether the client's next bytes are being waited for.
    pub fn awaits_client(&self) -> bool {
        self.0.get()
    }
}

/// See [`Progress::watch`].
pub struct Watched {
    payload: web::Payload,
    progress: Progress,
}

impl Stream for Watched {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.payload).poll_next(context);
        self.progress.0.set(polled.is_pending());
        polled
    }
}

/// The client went away in the middle of its body.
pub fn broken_off(error: Box<dyn Error>) -> ApiError {
    ApiError::new(ErrorKind::InvalidRequest, "The body broke off.").caused_by(error.to_string())
}

/// The client takes too long over its body.
pub fn too_slow() -> ApiError {
    ApiError::new(ErrorKind::InvalidRequest, "The body did not arrive in time.")
}

fn too_large() -> ApiError {
    ApiError::of(ErrorKind::PayloadTooLarge)
}
