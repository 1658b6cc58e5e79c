//! Passes a request on to the service that owns it, and its answer back.
//!
//! A small body goes in one piece, a large one as a stream both ways: nothing large is held whole. Headers
//! of the connection itself (RFC 9110, section 7.6.1) and those that only this fleet may set stay behind.

use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, Uri};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use awc::error::SendRequestError;
use awc::{Client, ClientRequest, ClientResponse, Connector};
use bytes::{Bytes, BytesMut};
use colink_core::error::ErrorKind;
use colink_http::context::RequestContext;
use colink_http::{ApiError, ApiResult};
use futures_util::{Stream, StreamExt, TryStreamExt};

use crate::domain::table::Upstream;
use crate::upstreams::Upstreams;

/// Bodies up to this go in one piece.
const WHOLE: usize = 64 * 1024;
/// Connections of one worker to one service.
const CONNECTIONS: usize = 512;
const CONNECT_TIME: Duration = Duration::from_secs(1);
/// Shorter than the keep-alive of the services, so that no call is sent into a closing connection.
const IDLE_TIME: Duration = Duration::from_secs(30);

/// A request on its way.
pub struct Call<'request> {
    /// The client's request.
    pub request: &'request HttpRequest,
    /// Where it goes.
    pub upstream: Upstream,
    /// The path at the service.
    pub path: &'request str,
    /// Its name, origin and trace.
    pub context: &'request RequestContext,
    /// Bytes that its body may have.
    pub body_limit: usize,
}

/// A worker's client. It is not shared: connections belong to the thread that opened them.
pub fn client() -> Client {
    let connector = Connector::new().limit(CONNECTIONS).conn_keep_alive(IDLE_TIME).timeout(CONNECT_TIME);
    Client::builder()
        .connector(connector)
        .max_http_version(actix_web::http::Version::HTTP_11)
        .disable_redirects()
        .no_default_headers()
        .disable_timeout()
        .finish()
}

/// What is sent along.
enum Body {
    Whole(Bytes),
    Stream(usize, web::Payload),
}

/// Forwards a call.
///
/// # Errors
/// 413 for a body over the limit; 503 when the service cannot be reached or breaks off; 504 when it is slow.
pub async fn forward(
    client: &Client,
    upstreams: &Upstreams,
    call: &Call<'_>,
    payload: web::Payload,
) -> ApiResult<HttpResponse> {
    upstreams.admit(call.upstream)?;
    let body = read_body(call, payload).await?;
    let answer = match body {
        Body::Stream(length, payload) => {
            let limited = limit(payload, call.body_limit);
            call.prepare(client, upstreams)?.send_body(SizedStream::new(length as u64, limited)).await
        }
        Body::Whole(bytes) => {
            let first = call.prepare(client, upstreams)?.send_body(bytes).await;
            match first {
                Err(error) if call.may_repeat() && !is_timeout(&error) => {
                    call.prepare(client, upstreams)?.send().await
                }
                other => other,
            }
        }
    };
    match answer {
        Ok(answer) => {
            upstreams.answered(call.upstream);
            pass_back(answer, upstreams.deadline()).await
        }
        Err(error) => Err(unanswered(upstreams, call.upstream, &error)),
    }
}

async fn read_body(call: &Call<'_>, mut payload: web::Payload) -> ApiResult<Body> {
    let too_large = || ApiError::of(ErrorKind::PayloadTooLarge);
    let declared = call
        .request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    match declared {
        Some(length) if length > call.body_limit => return Err(too_large()),
        Some(length) if length > WHOLE => return Ok(Body::Stream(length, payload)),
        _ => {}
    }
    let mut whole = BytesMut::with_capacity(declared.unwrap_or(0));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            ApiError::new(ErrorKind::InvalidRequest, "The body broke off.").caused_by(error.to_string())
        })?;
        if whole.len() + chunk.len() > call.body_limit {
            return Err(too_large());
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(Body::Whole(whole.freeze()))
}

/// Ends a stream with an error once it is over the limit, so that the service does not take it for whole.
fn limit(payload: web::Payload, limit: usize) -> impl Stream<Item = Result<Bytes, actix_web::Error>> + Unpin {
    let mut read = 0;
    payload.map_err(actix_web::Error::from).and_then(move |chunk| {
        read += chunk.len();
        std::future::ready(if read > limit {
            Err(ApiError::of(ErrorKind::PayloadTooLarge).into())
        } else {
            Ok(chunk)
        })
    })
}

impl Call<'_> {
    fn prepare(&self, client: &Client, upstreams: &Upstreams) -> ApiResult<ClientRequest> {
        let query = self.request.query_string();
        let separator = if query.is_empty() { "" } else { "?" };
        let url = format!("http://{}{}{separator}{query}", upstreams.authority(self.upstream), self.path);
        let uri: Uri = url.parse().map_err(|error: actix_web::http::uri::InvalidUri| {
            ApiError::new(ErrorKind::InvalidRequest, "The URL cannot be read.").caused_by(error)
        })?;
        let mut onward = client.request(self.request.method().clone(), uri).timeout(upstreams.deadline());
        let headers = onward.headers_mut();
        let named = named_by_connection(self.request.headers());
        for (name, value) in self.request.headers() {
            if !stays_behind(name) && !named.contains(&name.as_str().to_owned()) {
                headers.append(name.clone(), value.clone());
            }
        }
        self.introduce(headers);
        Ok(onward)
    }

    /// The headers that only the gateway sets.
    fn introduce(&self, headers: &mut HeaderMap) {
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set("x-request-id", self.context.request_id().as_str());
        if let Some(ip) = self.context.ip() {
            set("x-forwarded-for", &ip.to_string());
        }
        let connection = self.request.connection_info();
        set("x-forwarded-proto", connection.scheme());
        set("x-forwarded-host", connection.host());
        if let Some(traceparent) = colink_telemetry::trace::current_traceparent() {
            set("traceparent", &traceparent);
        }
    }

    /// Whether the call may be made a second time when the first broke off.
    fn may_repeat(&self) -> bool {
        matches!(*self.request.method(), Method::GET | Method::HEAD)
    }
}

/// Headers between two neighbours, and headers that would let a client speak for the fleet.
fn stays_behind(name: &HeaderName) -> bool {
    const OWN: [&str; 5] = ["x-forwarded-", "x-user-", "x-internal-", "x-envoy-", "proxy-"];
    let name = name.as_str();
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "host"
            | "content-length"
            | "expect"
            | "forwarded"
            | "x-real-ip"
            | "x-request-id"
            | "traceparent"
    ) || OWN.iter().any(|prefix| name.starts_with(prefix))
}

/// The headers that the client's `Connection` names are its neighbour's alone.
fn named_by_connection(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::CONNECTION).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect()
}

async fn pass_back(
    mut answer: ClientResponse<impl Stream<Item = Result<Bytes, awc::error::PayloadError>> + Unpin + 'static>,
    deadline: Duration,
) -> ApiResult<HttpResponse> {
    let mut response = HttpResponse::build(answer.status());
    for (name, value) in answer.headers() {
        if !stays_behind(name) {
            response.append_header((name.clone(), value.clone()));
        }
    }
    let length = answer
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    match length {
        Some(length) if length <= WHOLE => {
            let whole = tokio::time::timeout(deadline, answer.body().limit(WHOLE)).await;
            let whole = whole.map_err(|_elapsed| ApiError::of(ErrorKind::UpstreamTimeout))?;
            let whole =
                whole.map_err(|error| ApiError::of(ErrorKind::Upstream).caused_by(error.to_string()))?;
            Ok(response.body(whole))
        }
        Some(length) => Ok(stream(&mut response, Some(length), answer)),
        None => Ok(stream(&mut response, None, answer)),
    }
}

fn stream(
    response: &mut HttpResponseBuilder,
    length: Option<usize>,
    body: impl Stream<Item = Result<Bytes, awc::error::PayloadError>> + Unpin + 'static,
) -> HttpResponse {
    match length {
        Some(length) => response.body(SizedStream::new(length as u64, body)),
        None => response.streaming(body),
    }
}

fn is_timeout(error: &SendRequestError) -> bool {
    matches!(error, SendRequestError::Timeout)
}

fn unanswered(upstreams: &Upstreams, upstream: Upstream, error: &SendRequestError) -> ApiError {
    let name = upstream.name();
    let (outcome, answer) = match error {
        SendRequestError::Timeout => {
            let message = format!("The service {name} did not answer in time.");
            ("timed_out", ApiError::new(ErrorKind::UpstreamTimeout, message))
        }
        SendRequestError::Connect(_) => ("unreachable", ApiError::unavailable(&format!("service {name}"))),
        _ => {
            let message = format!(
                "The service {name} broke off; repeat the call, with the same Idempotency-Key if it changes something."
            );
            ("broken", ApiError::new(ErrorKind::ServiceUnavailable, message))
        }
    };
    upstreams.failed(upstream, outcome);
    answer.caused_by(error.to_string())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderName;

    use super::stays_behind;

    /// G-2
    #[test]
    fn headers_that_speak_for_the_fleet_stay_behind() {
        for name in [
            "x-user-id",
            "x-forwarded-for",
            "x-forwarded-host",
            "forwarded",
            "x-internal-token",
            "connection",
            "x-request-id",
        ] {
            assert!(stays_behind(&HeaderName::from_static(name)), "{name}");
        }
        for name in
            ["authorization", "idempotency-key", "x-workspace-id", "if-match", "content-type", "user-agent"]
        {
            assert!(!stays_behind(&HeaderName::from_static(name)), "{name}");
        }
    }
}
