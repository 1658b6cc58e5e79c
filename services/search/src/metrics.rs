//! Counters of the domain. Each function counts and logs, so that the two cannot drift apart.

use std::time::Duration;

use colink_core::time::Timestamp;
use colink_telemetry::metrics::{HistogramVec, IntCounterVec, LATENCY_SECONDS};
use colink_telemetry::{Metrics, MetricsError};

/// The counters of this service. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct SearchMetrics {
    searches: IntCounterVec,
    seconds: HistogramVec,
    delay: HistogramVec,
}

/// Where a page of results was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Among the newest, without the inverted index.
    Recent,
    /// In the inverted index.
    Index,
    /// Nowhere: nothing that could match was asked for.
    Nothing,
}

impl Way {
    fn as_str(self) -> &'static str {
        match self {
            Self::Recent => "recent",
            Self::Index => "index",
            Self::Nothing => "nothing",
        }
    }
}

impl SearchMetrics {
    /// Registers the counters.
    pub(crate) fn new(registry: &Metrics) -> Result<Self, MetricsError> {
        Ok(Self {
            searches: registry.counter_vec("searches_total", "Searches by tab and way", &["tab", "way"])?,
            seconds: registry.histogram_vec(
                "search_query_seconds",
                "Time in the database by way",
                LATENCY_SECONDS,
                &["way"],
            )?,
            delay: registry.histogram_vec(
                "search_index_delay_seconds",
                "From an event to its place in the index",
                LATENCY_SECONDS,
                &["type"],
            )?,
        })
    }

    /// A page was found.
    pub(crate) fn searched(&self, tab: &'static str, way: Way, took: Duration) {
        let name = way.as_str();
        self.searches.with_label_values(&[tab, name]).inc();
        self.seconds.with_label_values(&[name]).observe(took.as_secs_f64());
        tracing::debug!(tab, way = name, took_ms = took.as_millis(), "searched");
    }

    /// An event took effect.
    pub(crate) fn indexed(&self, kind: &str, happened_at: Timestamp, now: Timestamp) {
        let millis = u64::try_from(now.as_millis().saturating_sub(happened_at.as_millis())).unwrap_or(0);
        self.delay.with_label_values(&[kind]).observe(Duration::from_millis(millis).as_secs_f64());
        tracing::debug!(kind, delay_ms = millis, "indexed");
    }
}
