//! What files counts. A line in the log that belongs to a count leaves from here with it.

use colink_core::id::{FileId, UserId};
use colink_core::permission::Action;
use colink_telemetry::metrics::{IntCounter, IntCounterVec, IntGauge, Metrics, MetricsError};

use crate::error::Error;

/// The metrics of the service.
#[derive(Debug, Clone)]
pub(crate) struct FilesMetrics {
    requested: IntCounter,
    confirmed: IntCounter,
    confirmed_bytes: IntCounter,
    refused: IntCounterVec,
    downloads: IntCounter,
    deleted: IntCounter,
    expired: IntCounter,
    removed: IntCounter,
    published: IntCounterVec,
    unpublished: IntCounterVec,
    due: IntGauge,
    bypasses: IntCounter,
}

impl FilesMetrics {
    /// Registers the metrics.
    pub(crate) fn new(metrics: &Metrics) -> Result<Self, MetricsError> {
        let counter = |name, help| metrics.counter(name, help);
        Ok(Self {
            requested: counter("files_upload_urls_total", "Upload URLs that were given out.")?,
            confirmed: counter("files_confirmed_total", "Uploads that were confirmed.")?,
            confirmed_bytes: counter("files_confirmed_bytes_total", "Bytes of confirmed uploads.")?,
            refused: metrics.counter_vec(
                "files_refused_total",
                "Uploads whose bytes were not what was agreed, by the field that differed.",
                &["field"],
            )?,
            downloads: counter("files_download_urls_total", "Download URLs that were given out.")?,
            deleted: counter("files_deleted_total", "Files that were deleted by somebody.")?,
            expired: counter("files_expired_total", "Uploads that nobody confirmed in time.")?,
            removed: counter("files_objects_removed_total", "Objects that were removed from the storage.")?,
            published: metrics.counter_vec(
                "files_events_published_total",
                "Events that reached the broker, by type.",
                &["type"],
            )?,
            unpublished: metrics.counter_vec(
                "files_events_failed_total",
                "Attempts to publish that failed, by what failed: event, mirror, store.",
                &["what"],
            )?,
            due: metrics.gauge("files_events_due", "Documents with events that are not published yet.")?,
            bypasses: counter(
                "access_bypassed_total",
                "Times a realm admin passed without the membership others need.",
            )?,
        })
    }

    /// An upload URL was given out.
    pub(crate) fn requested(&self) {
        self.requested.inc();
    }

    /// An upload was confirmed.
    pub(crate) fn confirmed(&self, file: FileId, size: u64) {
        self.confirmed.inc();
        self.confirmed_bytes.inc_by(size);
        tracing::info!(%file, size, "file uploaded");
    }

    /// The bytes were not what was agreed.
    pub(crate) fn refused(&self, file: FileId, field: &str) {
        self.refused.with_label_values(&[field]).inc();
        tracing::info!(%file, field, "an upload was not what was agreed");
    }

    /// A download URL was given out.
    pub(crate) fn downloaded(&self) {
        self.downloads.inc();
    }

    /// A file was deleted.
    pub(crate) fn deleted(&self, file: FileId) {
        self.deleted.inc();
        tracing::info!(%file, "file deleted");
    }

    /// Uploads were given up.
    pub(crate) fn expired(&self, count: u64) {
        self.expired.inc_by(count);
        tracing::info!(count, "uploads expired");
    }

    /// An object was removed.
    pub(crate) fn removed(&self, file: FileId) {
        self.removed.inc();
        tracing::info!(%file, "object removed");
    }

    /// A sweep failed and is tried again.
    pub(crate) fn sweep_failed(&self, sweep: &'static str, error: &Error) {
        tracing::warn!(sweep, error = error as &dyn std::error::Error, "a sweep failed; it is tried again");
    }

    /// An event reached the broker.
    pub(crate) fn published(&self, kind: &str) {
        self.published.with_label_values(&[kind]).inc();
    }

    /// Publishing failed; it is tried again, but for a mirror.
    pub(crate) fn unpublished(&self, what: &'static str, error: &(dyn std::error::Error + 'static)) {
        self.unpublished.with_label_values(&[what]).inc();
        tracing::warn!(what, error, "an event was not published");
    }

    /// How many documents have events to publish.
    pub(crate) fn due(&self, count: u64) {
        self.due.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// A realm admin passed without membership.
    pub(crate) fn bypassed(&self, user: UserId, action: Action) {
        self.bypasses.inc();
        tracing::warn!(%user, action = action.as_str(), "a realm admin passed without membership");
    }
}
