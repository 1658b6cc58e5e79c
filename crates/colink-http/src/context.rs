//! Who is asking, and under which name: the context of one request on its way through the process.
//!
//! The outermost middleware opens a context for each request and keeps it in a task-local, so that the
//! envelope, the log and outgoing calls find it without being handed it. Work outside a request (a job, a
//! consumer) enters [`scope`] with a context made by [`RequestContext::of_event`].

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::{Payload, RequestHead};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpRequest};
use colink_core::clock::{SharedClock, SystemClock};
use colink_core::id::{RequestId, SessionId, UserId};
use colink_core::time::Timestamp;
use colink_events::{Actor, Cause};
use futures_util::future::{Ready, ready};

use crate::browser::Browser;
use crate::error::ApiError;

/// The header that carries a request's name, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The header that carries the trace, see <https://www.w3.org/TR/trace-context/>.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// A user agent is cut after this many bytes.
const USER_AGENT_MAX: usize = 256;

tokio::task_local! {
    static CURRENT: RequestContext;
}

/// The name, origin and deadline of one request. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RequestContext(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    request_id: RequestId,
    ip: Option<IpAddr>,
    user_agent: Option<HeaderValue>,
    traceparent: Option<HeaderValue>,
    browser: Browser,
    clock: SharedClock,
    deadline: Option<Instant>,
}

/// The context of the request being worked on in this task; `None` outside of one.
pub fn current() -> Option<RequestContext> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Runs `work` inside `context`: envelopes, outgoing calls and events made there carry its request id.
pub fn scope<F: Future>(context: RequestContext, work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(context, work)
}

impl RequestContext {
    /// Opens the context of an incoming request.
    ///
    /// A well-formed `X-Request-ID` is taken over, otherwise an id is made. The address is the peer's, or
    /// the last hop of `X-Forwarded-For` when `trust_forwarded`; that of an IPv4 client is the same on a socket for both
    /// protocols, which sees it as `::ffff:a.b.c.d`.
    pub(crate) fn open(
        head: &RequestHead,
        clock: &SharedClock,
        trust_forwarded: bool,
        timeout: Option<Duration>,
    ) -> Self {
        let headers = head.headers();
        let peer = head.peer_addr.map(|address| address.ip());
        let forwarded = if trust_forwarded { last_hop(headers) } else { None };
        Self(Arc::new(Inner {
            request_id: request_id(headers).unwrap_or_else(|| RequestId::generate(clock.as_ref())),
            ip: forwarded.or(peer).map(|ip| ip.to_canonical()),
            user_agent: headers.get(header::USER_AGENT).cloned(),
            traceparent: headers.get(TRACEPARENT).filter(|value| is_traceparent(value)).cloned(),
            browser: Browser::read(headers),
            clock: Arc::clone(clock),
            deadline: timeout.map(|timeout| Instant::now() + timeout),
        }))
    }

    /// The context in which the effects of an event or a job happen, so that the calls it causes carry the
    /// names of whoever caused it. A missing request id is made.
    pub fn of_event(request_id: Option<RequestId>, traceparent: Option<&str>, clock: &SharedClock) -> Self {
        let traceparent = traceparent.and_then(|text| HeaderValue::from_str(text).ok());
        Self(Arc::new(Inner {
            request_id: request_id.unwrap_or_else(|| RequestId::generate(clock.as_ref())),
            ip: None,
            user_agent: None,
            traceparent: traceparent.filter(is_traceparent),
            browser: Browser::default(),
            clock: Arc::clone(clock),
            deadline: None,
        }))
    }

    /// The context of this task, or a fresh one where none was opened.
    pub(crate) fn current_or_new() -> Self {
        current().unwrap_or_else(|| Self::of_event(None, None, &SystemClock::shared()))
    }

    /// The name of the request.
    pub fn request_id(&self) -> &RequestId {
        &self.0.request_id
    }

    /// The client's address; `None` for an event, a job or a local socket.
    pub fn ip(&self) -> Option<IpAddr> {
        self.0.ip
    }

    /// The client's `User-Agent`, when it is plain text, cut after 256 bytes.
    pub fn user_agent(&self) -> Option<&str> {
        let text = self.0.user_agent.as_ref()?.to_str().ok()?;
        Some(text.get(..USER_AGENT_MAX).unwrap_or(text))
    }

    /// What a browser says beside the page: where the request comes from, and its cookies.
    pub fn browser(&self) -> &Browser {
        &self.0.browser
    }

    /// The `traceparent` that came in.
    pub(crate) fn incoming_traceparent(&self) -> Option<&str> {
        self.0.traceparent.as_ref()?.to_str().ok()
    }

    /// The `traceparent` to send along with what this request causes: that of the current span, or else
    /// the one that came in.
    pub fn traceparent(&self) -> Option<String> {
        colink_telemetry::trace::current_traceparent()
            .or_else(|| self.incoming_traceparent().map(str::to_owned))
    }

    /// What is left until the request is given up; `None` when it has no deadline.
    pub fn time_left(&self) -> Option<Duration> {
        self.0.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// The present moment of the clock the service was started with.
    pub fn now(&self) -> Timestamp {
        self.0.clock.timestamp()
    }

    /// The cause to put on events of this request. `user_id` and `session_id` are of the caller, or of the
    /// user whom an anonymous request turned out to be (a login, say).
    pub fn cause(&self, user_id: Option<UserId>, session_id: Option<SessionId>) -> Cause {
        let user_agent = self.user_agent().map(str::to_owned);
        Cause {
            actor: Some(Actor { user_id, session_id, ip: self.ip(), user_agent }),
            request_id: Some(self.request_id().clone()),
            traceparent: self.traceparent(),
        }
    }
}

impl FromRequest for RequestContext {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // Without the middleware (a bare test application) the headers still tell most of it.
        let open = || Self::open(request.head(), &SystemClock::shared(), false, None);
        ready(Ok(current().unwrap_or_else(open)))
    }
}

fn request_id(headers: &HeaderMap) -> Option<RequestId> {
    RequestId::parse(headers.get(REQUEST_ID)?.to_str().ok()?).ok()
}

fn last_hop(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(FORWARDED_FOR).last()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

/// Only the shape; what the fields say is telemetry's business.
fn is_traceparent(value: &HeaderValue) -> bool {
    let shape = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
    (55..=128).contains(&value.len()) && value.as_bytes().iter().all(shape)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn open(request: TestRequest, trust: bool) -> RequestContext {
        open_from("203.0.113.9:4711", request, trust)
    }

    fn open_from(peer: &str, request: TestRequest, trust: bool) -> RequestContext {
        let request = request.peer_addr(peer.parse().unwrap()).to_http_request();
        RequestContext::open(request.head(), &SystemClock::shared(), trust, None)
    }

    /// G-3: a well-formed id is taken over, anything else is replaced.
    #[test]
    fn a_request_id_is_taken_over_or_made() {
        let kept = open(TestRequest::get().insert_header((REQUEST_ID, "web-1.2_3")), false);
        assert_eq!(kept.request_id().as_str(), "web-1.2_3");
        for bad in ["", "a b", "x\"y", &"a".repeat(65)] {
            let made = open(TestRequest::get().insert_header((REQUEST_ID, bad)), false);
            assert_eq!(made.request_id().as_str().len(), 36, "{bad:?}");
        }
    }

    /// G-2: an address in a header counts only behind the gateway, and only the last hop.
    #[test]
    fn forwarded_addresses_need_trust() {
        let request = || TestRequest::get().insert_header((FORWARDED_FOR, "198.51.100.1, 192.0.2.7"));
        assert_eq!(open(request(), false).ip().unwrap().to_string(), "203.0.113.9");
        assert_eq!(open(request(), true).ip().unwrap().to_string(), "192.0.2.7");
        let junk = TestRequest::get().insert_header((FORWARDED_FOR, "192.0.2.7, nonsense"));
        assert_eq!(open(junk, true).ip().unwrap().to_string(), "203.0.113.9");
    }

    /// G-4: an IPv4 client has one address, however the socket or the hop before writes it.
    #[test]
    fn an_ipv4_address_is_one_on_every_socket() {
        let peer = open_from("[::ffff:203.0.113.9]:4711", TestRequest::get(), false);
        assert_eq!(peer.ip().unwrap().to_string(), "203.0.113.9");
        let mapped = TestRequest::get().insert_header((FORWARDED_FOR, "::ffff:192.0.2.7"));
        assert_eq!(open(mapped, true).ip().unwrap().to_string(), "192.0.2.7");
        let other = open_from("[2001:db8::1]:4711", TestRequest::get(), false);
        assert_eq!(other.ip().unwrap().to_string(), "2001:db8::1");
    }

    #[test]
    fn a_malformed_traceparent_is_not_passed_on() {
        let junk = TestRequest::get().insert_header((TRACEPARENT, "not a trace"));
        assert_eq!(open(junk, false).traceparent(), None);
        let valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let good = TestRequest::get().insert_header((TRACEPARENT, valid));
        assert_eq!(open(good, false).traceparent().as_deref(), Some(valid));
    }

    #[test]
    fn a_user_agent_is_cut() {
        let long = TestRequest::get().insert_header((header::USER_AGENT, "a".repeat(400)));
        assert_eq!(open(long, false).user_agent().unwrap().len(), USER_AGENT_MAX);
    }
}
