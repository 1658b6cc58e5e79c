//! What the audit log counts. A line in the log that belongs to a count leaves from here with it.

use colink_core::id::UserId;
use colink_telemetry::metrics::{IntCounter, IntCounterVec, Metrics, MetricsError};

use crate::domain::entry::Entry;

/// The counters of this service. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct AdminMetrics {
    entries: IntCounterVec,
    unknown: IntCounter,
    reads: IntCounter,
}

impl AdminMetrics {
    /// Registers the counters.
    pub(crate) fn new(metrics: &Metrics) -> Result<Self, MetricsError> {
        Ok(Self {
            entries: metrics.counter_vec(
                "audit_entries_total",
                "Events by stream: recorded, or repeated because the entry was there.",
                &["topic", "outcome"],
            )?,
            unknown: metrics.counter(
                "audit_unknown_events_total",
                "Events of a type or version that this build does not know, recorded without details.",
            )?,
            reads: metrics.counter("audit_reads_total", "Requests that read the audit log.")?,
        })
    }

    /// An event is in the log.
    pub(crate) fn recorded(&self, entry: &Entry, is_new: bool) {
        let outcome = if is_new { "recorded" } else { "repeated" };
        self.entries.with_label_values(&[entry.place.topic.as_ref(), outcome]).inc();
        tracing::debug!(id = %entry.id, action = entry.action, outcome, "an event is in the audit log");
    }

    /// An event came that has no rule here.
    pub(crate) fn unknown(&self, kind: &str, version: u16) {
        self.unknown.inc();
        tracing::warn!(kind, version, "an event that this build does not know is recorded without details");
    }

    /// Somebody read the log.
    pub(crate) fn read(&self, reader: UserId) {
        self.reads.inc();
        tracing::info!(%reader, "an administrator reads the audit log");
    }
}
