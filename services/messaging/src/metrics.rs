//! Counters of the domain. Each function counts and logs, so that the two cannot drift apart.

use colink_core::id::{ChannelId, UserId};
use colink_core::permission::Action;
use colink_telemetry::metrics::{IntCounter, IntCounterVec};
use colink_telemetry::{Metrics as Registry, MetricsError};

/// The counters of this service. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    sent: IntCounterVec,
    changes: IntCounterVec,
    asked: IntCounterVec,
    bypassed: IntCounter,
    trimmed: IntCounter,
}

/// How a send ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SendOutcome {
    /// A message of the channel was stored.
    Post,
    /// A reply was stored.
    Reply,
    /// The key was used before with the same message.
    Replayed,
}

impl Metrics {
    /// Registers the counters.
    pub(crate) fn new(registry: &Registry) -> Result<Self, MetricsError> {
        Ok(Self {
            sent: registry.counter_vec("messages_sent_total", "Sends by outcome", &["outcome"])?,
            changes: registry.counter_vec("channel_changes_total", "Logged changes by type", &["type"])?,
            asked: registry.counter_vec(
                "standing_asked_total",
                "Memberships asked of the channels service because the projection refused",
                &["answer"],
            )?,
            bypassed: registry
                .counter("access_bypassed_total", "Actions of realm admins without membership")?,
            trimmed: registry
                .counter("channel_log_trimmed_total", "Events dropped from the log after retention")?,
        })
    }

    /// A send ended.
    pub(crate) fn sent(&self, outcome: SendOutcome) {
        let outcome = match outcome {
            SendOutcome::Post => "post",
            SendOutcome::Reply => "reply",
            SendOutcome::Replayed => "replayed",
        };
        self.sent.with_label_values(&[outcome]).inc();
    }

    /// A change was committed.
    pub(crate) fn changed(&self, kind: &'static str) {
        self.changes.with_label_values(&[kind]).inc();
    }

    /// The channels service was asked.
    pub(crate) fn asked(&self, channel_id: ChannelId, user_id: UserId, known: bool) {
        self.asked.with_label_values(&[if known { "known" } else { "unknown" }]).inc();
        tracing::debug!(%channel_id, %user_id, known, "asked channels for a standing");
    }

    /// A realm admin passed without membership.
    pub(crate) fn bypassed(&self, channel_id: ChannelId, user_id: UserId, action: Action) {
        self.bypassed.inc();
        tracing::info!(%channel_id, %user_id, %action, "a realm admin passed without membership");
    }

    /// The log was trimmed.
    pub(crate) fn trimmed(&self, dropped: u64) {
        self.trimmed.inc_by(dropped);
        tracing::info!(dropped, "trimmed the channel log");
    }
}
