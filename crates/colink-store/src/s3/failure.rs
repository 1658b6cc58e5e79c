//! What an SDK error means.

use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::ByteStreamError;

use super::STORE;
use crate::StoreError;

const NOT_FOUND: u16 = 404;
const TOO_MANY_REQUESTS: u16 = 429;
const SERVER_ERRORS: u16 = 500;

/// The status that the storage answered with, if it answered.
pub(super) fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

pub(super) fn is_not_found<E>(error: &SdkError<E, HttpResponse>) -> bool {
    status(error) == Some(NOT_FOUND)
}

impl<E> From<SdkError<E, HttpResponse>> for StoreError
where
    E: Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        match &error {
            SdkError::TimeoutError(_) => Self::timeout(STORE, error),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Self::timeout(STORE, error),
            SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => Self::unavailable(STORE, error),
            _ => match status(&error) {
                Some(TOO_MANY_REQUESTS | SERVER_ERRORS..) => Self::unavailable(STORE, error),
                _ => Self::rejected(STORE, error),
            },
        }
    }
}

impl From<ByteStreamError> for StoreError {
    fn from(error: ByteStreamError) -> Self {
        Self::unavailable(STORE, error)
    }
}
