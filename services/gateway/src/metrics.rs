//! What the edge counts. A line in the log that belongs to a count leaves from here with it.

use colink_telemetry::metrics::{IntCounterVec, IntGauge, Metrics, MetricsError};

use crate::domain::table::{Class, Upstream};

/// The metrics of one gateway.
#[derive(Debug, Clone)]
pub struct EdgeMetrics {
    refused: IntCounterVec,
    uncounted: IntCounterVec,
    upstream_failures: IntCounterVec,
    breakers_opened: IntCounterVec,
    tunnels: IntGauge,
}

impl EdgeMetrics {
    /// Registers the metrics.
    ///
    /// # Errors
    /// A name that is taken.
    pub fn new(metrics: &Metrics) -> Result<Self, MetricsError> {
        Ok(Self {
            refused: metrics.counter_vec(
                "rate_limited_total",
                "Calls refused with 429, by class.",
                &["class"],
            )?,
            uncounted: metrics.counter_vec(
                "rate_limit_uncounted_total",
                "Calls that the limiter could not count since Redis did not answer, by class.",
                &["class"],
            )?,
            upstream_failures: metrics.counter_vec(
                "upstream_failures_total",
                "Calls that a service did not answer: unreachable, timed_out or broken.",
                &["upstream", "outcome"],
            )?,
            breakers_opened: metrics.counter_vec(
                "circuit_opened_total",
                "Circuits that opened.",
                &["upstream"],
            )?,
            tunnels: metrics.gauge("websocket_tunnels", "Sockets that pass through this gateway.")?,
        })
    }

    /// A call was refused with 429.
    pub fn refused(&self, class: Class) {
        self.refused.with_label_values(&[class.name()]).inc();
    }

    /// Redis did not count a call.
    pub fn uncounted(&self, class: Class, error: Option<&redis::RedisError>) {
        self.uncounted.with_label_values(&[class.name()]).inc();
        if let Some(error) = error {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                class = class.name(),
                "redis does not count calls"
            );
        }
    }

    /// A service did not answer.
    pub fn upstream_failed(&self, upstream: Upstream, outcome: &'static str, opened: bool) {
        self.upstream_failures.with_label_values(&[upstream.name(), outcome]).inc();
        if opened {
            self.breakers_opened.with_label_values(&[upstream.name()]).inc();
            tracing::warn!(
                upstream = upstream.name(),
                outcome,
                "the circuit opened: calls are refused until the service answers"
            );
        }
    }

    /// The gauge of open tunnels.
    pub fn tunnels(&self) -> IntGauge {
        self.tunnels.clone()
    }
}
