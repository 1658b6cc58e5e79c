//! Passes a request on to the service that owns it, and its answer back.
//!
//! A small body goes in one piece, a large one as a stream both ways: nothing large is held whole. A client
//! that is slow or breaks off is told so and says nothing about the service: only what the service itself
//! fails to do counts for its circuit.

mod answer;
mod body;
mod headers;

use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::header::HeaderValue;
use actix_web::http::{Method, Uri};
use actix_web::{HttpRequest, HttpResponse, web};
use awc::error::{ConnectError, SendRequestError};
use awc::{Client, ClientRequest, Connector};
use colink_core::error::ErrorKind;
use colink_http::context::RequestContext;
use colink_http::{ApiError, ApiResult};

use self::answer::pass_back;
use self::body::{Body, Progress, read_body};
use crate::domain::table::Upstream;
use crate::state::BodyRules;
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
    /// The `Authorization` of the token that the client's API key was exchanged for.
    pub exchanged: Option<&'request HeaderValue>,
    /// How large its body may be, and how slow.
    pub body: BodyRules,
    /// Whether an ingress in front may say under which name the client came.
    pub trust_forwarded: bool,
}

/// A worker's clients. They are not shared: connections belong to the thread that opened them. Each service
/// has its own, so that a slow one cannot use up the connections to another.
pub struct Clients([Client; Upstream::ALL.len()]);

impl Clients {
    /// Clients without connections; those are opened when calls come.
    pub fn new() -> Self {
        Self(Upstream::ALL.map(|_| client()))
    }

    fn of(&self, upstream: Upstream) -> &Client {
        &self.0[upstream.index()]
    }
}

fn client() -> Client {
    let connector = Connector::new().limit(CONNECTIONS).conn_keep_alive(IDLE_TIME).timeout(CONNECT_TIME);
    Client::builder()
        .connector(connector)
        .max_http_version(actix_web::http::Version::HTTP_11)
        .disable_redirects()
        .no_default_headers()
        .disable_timeout()
        .finish()
}

/// Forwards a call.
///
/// # Errors
/// 413 for a body over the limit, 400 for one that breaks off; 503 when the service cannot be reached or
/// breaks off; 504 when it is slow.
pub async fn forward(
    clients: &Clients,
    upstreams: &Upstreams,
    call: &Call<'_>,
    payload: web::Payload,
) -> ApiResult<HttpResponse> {
    let _admitted = upstreams.admit(call.upstream)?;
    let body = read_body(call, payload).await?;
    let client = clients.of(call.upstream);
    let progress = Progress::default();
    let answer = match body {
        Body::Stream(length, payload) => {
            let watched = SizedStream::new(length as u64, progress.watch(payload));
            call.prepare(client, upstreams)?.send_body(watched).await
        }
        Body::Whole(bytes) => {
            let first = call.prepare(client, upstreams)?.send_body(bytes.clone()).await;
            match first {
                Err(error) if call.may_repeat() && !is_timeout(&error) => {
                    call.prepare(client, upstreams)?.send_body(bytes).await
                }
                other => other,
            }
        }
    };
    match answer {
        Ok(answer) => {
            upstreams.answered(call.upstream);
            pass_back(call.request.method(), answer, upstreams.deadline()).await
        }
        Err(SendRequestError::Body(error)) => Err(body::broken_off(error)),
        Err(SendRequestError::Timeout) if progress.awaits_client() => Err(body::too_slow()),
        Err(error) => Err(unanswered(upstreams, call.upstream, &error)),
    }
}

impl Call<'_> {
    fn prepare(&self, client: &Client, upstreams: &Upstreams) -> ApiResult<ClientRequest> {
        let mut url = format!("http://{}{}", upstreams.authority(self.upstream), self.path);
        if let Some(query) = self.request.uri().query() {
            url.push('?');
            url.push_str(query);
        }
        let uri: Uri = url.parse().map_err(|error: actix_web::http::uri::InvalidUri| {
            ApiError::new(ErrorKind::InvalidRequest, "The URL cannot be read.").caused_by(error)
        })?;
        let method = self.request.method().clone();
        let mut onward = client.request(method, uri).timeout(upstreams.deadline()).no_decompress();
        headers::copy_request(self, onward.headers_mut());
        Ok(onward)
    }

    /// Whether the call may be made a second time when the first broke off.
    fn may_repeat(&self) -> bool {
        matches!(*self.request.method(), Method::GET | Method::HEAD)
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
        // The client calls it a failure to connect when an open connection ends before the answer.
        SendRequestError::Connect(reason) if !matches!(reason, ConnectError::Disconnected) => {
            ("unreachable", ApiError::unavailable(&format!("service {name}")))
        }
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
