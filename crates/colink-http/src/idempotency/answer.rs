//! An answer on its way into the store and out again.

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use colink_core::error::ErrorKind;

use crate::error::ApiError;
use crate::reply::REPLAYED;

/// The largest body that is kept: 1 MiB.
pub(super) const BODY_MAX: usize = 1024 * 1024;

/// An answer as it was sent, without what belongs to the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The status.
    pub status: u16,
    /// Names and values of the headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl StoredAnswer {
    pub(super) fn new(status: StatusCode, headers: &HeaderMap, body: Bytes) -> Self {
        let kept = headers
            .iter()
            .filter(|(name, _)| !is_of_connection(name))
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
        Self { status: status.as_u16(), headers: kept.collect(), body }
    }

    /// The answer again, marked as given before.
    pub(super) fn replay(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::new(status);
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().append(name, value);
            }
        }
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        response.set_body(BoxBody::new(self.body))
    }
}

/// Whether a repetition would not help: other answers may turn out better next time, that of a caller who must prove again
/// who he is as soon as he has done so.
pub(super) fn is_final<B>(response: &HttpResponse<B>) -> bool {
    let status = response.status();
    let again = [StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS];
    let error = response.error().and_then(|error| error.as_error::<ApiError>());
    let asks_for_proof = error.is_some_and(|error| error.kind() == ErrorKind::ReauthenticationRequired);
    !status.is_server_error() && !again.contains(&status) && !status.is_informational() && !asks_for_proof
}

fn is_of_connection(name: &HeaderName) -> bool {
    [header::CONNECTION, header::CONTENT_LENGTH, header::DATE, header::TRANSFER_ENCODING, header::SET_COOKIE]
        .contains(name)
}
