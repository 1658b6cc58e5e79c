//! Counting and logging an answer: metric and log line leave together, so that they cannot drift.
//!
//! Paths are named by their route's pattern, never by the path itself: a pattern is a closed set, and a path
//! may hold an invitation's secret.

use std::time::{Duration, Instant};

use actix_web::http::{Method, StatusCode};
use colink_telemetry::metrics::{HistogramVec, IntCounterVec, LATENCY_SECONDS};
use colink_telemetry::{Metrics, MetricsError};
use tracing::Span;
use tracing::field::Empty;

use crate::config::HttpConfig;
use crate::context::RequestContext;

/// The endpoint of a request that no route took, or that did not come to its route.
const NO_ROUTE: &str = "unmatched";

pub(super) struct Watch {
    requests: IntCounterVec,
    duration: HistogramVec,
    log_all: bool,
    slow: Duration,
}

impl Watch {
    pub(super) fn new(config: &HttpConfig, metrics: &Metrics) -> Result<Self, MetricsError> {
        Ok(Self {
            requests: metrics.counter_vec(
                "http_requests_total",
                "Requests answered, by route pattern, method and status.",
                &["endpoint", "method", "status"],
            )?,
            duration: metrics.histogram_vec(
                "http_request_duration_seconds",
                "Time from the head of a request to the head of its answer.",
                LATENCY_SECONDS,
                &["endpoint", "method"],
            )?,
            log_all: config.access_log,
            slow: Duration::from_millis(config.slow_ms),
        })
    }

    pub(super) fn answered(
        &self,
        started: Instant,
        method: &'static str,
        route: Option<String>,
        status: StatusCode,
    ) {
        let taken = started.elapsed();
        let route = route.as_deref().unwrap_or(NO_ROUTE);
        self.requests.with_label_values(&[route, method, status.as_str()]).inc();
        self.duration.with_label_values(&[route, method]).observe(taken.as_secs_f64());
        let span = Span::current();
        if !span.is_disabled() {
            span.record("route", route).record("status", status.as_u16());
            span.record("otel.name", format_args!("{method} {route}"));
        }
        let duration_ms = taken.as_secs_f64() * 1e3;
        if taken >= self.slow {
            tracing::warn!(status = status.as_u16(), route, method, duration_ms, "answered slowly");
        } else if self.log_all || status.is_server_error() {
            tracing::info!(status = status.as_u16(), route, method, duration_ms, "answered");
        }
    }
}

/// The span of a request, already part of the sender's trace.
pub(super) fn span(method: &Method, context: &RequestContext) -> Span {
    let span = tracing::info_span!(
        "request",
        otel.name = Empty,
        otel.kind = "server",
        method = method_label(method),
        route = Empty,
        status = Empty,
        request_id = context.request_id().as_str(),
    );
    if !span.is_disabled() {
        colink_telemetry::trace::set_parent(&span, context.incoming_traceparent());
    }
    span
}

/// A closed set: anybody may send a method of his own making.
pub(super) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
