//! [`Entry`]: the outermost middleware, the first to see a request and the last to see its answer.
//!
//! For each request it opens the [`RequestContext`] and a span, and it sees to it that exactly one answer
//! leaves: whatever fails inside (an error, a framework's bare status, a panic, the deadline) leaves in the
//! envelope, with the request id and the security headers, counted and logged.

mod repair;
mod watch;

use std::any::Any;
use std::future::{Future, Ready, ready};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::error::{Error, InternalError};
use actix_web::{HttpResponse, ResponseError};
use colink_core::clock::SharedClock;
use colink_core::error::ErrorKind;
use colink_telemetry::{Metrics, MetricsError};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use tracing::Instrument;

use crate::config::HttpConfig;
use crate::context::{self, RequestContext};
use crate::error::ApiError;

use self::watch::Watch;

/// The outermost middleware. Cheap to clone; clones count into the same metrics.
#[derive(Clone)]
pub struct Entry(Arc<Settings>);

struct Settings {
    clock: SharedClock,
    trust_forwarded: bool,
    timeout: Option<Duration>,
    hsts: bool,
    watch: Watch,
}

impl Entry {
    /// Makes the middleware and its metrics `http_requests_total` and `http_request_duration_seconds`.
    ///
    /// # Errors
    /// [`MetricsError`] when the metrics exist in another form.
    pub fn new(config: &HttpConfig, clock: SharedClock, metrics: &Metrics) -> Result<Self, MetricsError> {
        Ok(Self(Arc::new(Settings {
            clock,
            trust_forwarded: config.trust_forwarded,
            timeout: config.request_timeout(),
            hsts: config.hsts,
            watch: Watch::new(config, metrics)?,
        })))
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").finish_non_exhaustive()
    }
}

impl<S, B> Transform<S, ServiceRequest> for Entry
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = EntryService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(EntryService { inner: Rc::new(inner), settings: Arc::clone(&self.0) }))
    }
}

/// [`Entry`] around an application.
#[derive(Debug)]
pub struct EntryService<S> {
    inner: Rc<S>,
    settings: Arc<Settings>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").finish_non_exhaustive()
    }
}

impl<S, B> Service<ServiceRequest> for EntryService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let (inner, settings) = (Rc::clone(&self.inner), Arc::clone(&self.settings));
        let Settings { clock, trust_forwarded, timeout, .. } = settings.as_ref();
        let context = RequestContext::open(request.head(), clock, *trust_forwarded, *timeout);
        let span = watch::span(request.method(), &context);
        let answering = answer(inner, request, settings, context.clone());
        Box::pin(context::scope(context, answering.instrument(span)))
    }
}

/// What came out of the application before an answer.
enum Failure {
    /// An error that nobody inside turned into an answer.
    Error(Error),
    /// With its text.
    Panic(String),
    Late,
}

async fn answer<S, B>(
    inner: Rc<S>,
    request: ServiceRequest,
    settings: Arc<Settings>,
    context: RequestContext,
) -> Result<ServiceResponse<EitherBody<B>>, Error>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let started = Instant::now();
    let method = watch::method_label(request.method());
    match guarded(inner, request, settings.timeout).await {
        Ok(response) => {
            let mut response = repair::response(response, &context);
            settings.watch.answered(started, method, response.request().match_pattern(), response.status());
            finish(response.headers_mut(), &context, settings.hsts);
            Ok(response)
        }
        // The request went down with the failure, so its answer can only travel inside an error.
        Err(failure) => {
            let mut response = failed(failure, &context);
            settings.watch.answered(started, method, None, response.status());
            finish(response.headers_mut(), &context, settings.hsts);
            Err(InternalError::from_response("the request failed", response).into())
        }
    }
}

async fn guarded<S, B>(
    inner: Rc<S>,
    request: ServiceRequest,
    timeout: Option<Duration>,
) -> Result<ServiceResponse<B>, Failure>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let call = async move { inner.call(request).await };
    // A half-done request is dropped whole; what it shared is behind locks that are not poisoned by it.
    let call = AssertUnwindSafe(call).catch_unwind();
    let outcome = match timeout {
        Some(timeout) => tokio::time::timeout(timeout, call).await.ok().ok_or(Failure::Late)?,
        None => call.await,
    };
    outcome.map_err(|panic| Failure::Panic(panic_text(panic.as_ref())))?.map_err(Failure::Error)
}

fn failed(failure: Failure, context: &RequestContext) -> HttpResponse {
    match failure {
        Failure::Error(error) => repair::bare(error.error_response(), context),
        Failure::Panic(text) => ApiError::internal(text).error_response(),
        Failure::Late => ApiError::of(ErrorKind::UpstreamTimeout).error_response(),
    }
}

fn finish(headers: &mut actix_web::http::header::HeaderMap, context: &RequestContext, hsts: bool) {
    repair::secure(headers, hsts);
    repair::name(headers, context);
}

/// What a caught panic said, for the log.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a handler panicked: {}", text.unwrap_or("without a text"))
}

/// Runs `work` in the context and span of the current request although it outlives the request's future.
pub(crate) fn inherited<F: Future>(work: F) -> impl Future<Output = F::Output> {
    context::scope(RequestContext::current_or_new(), work.in_current_span())
}
