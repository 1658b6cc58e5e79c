//! Counters of the domain. Each function counts and logs, so that the two cannot drift apart.

use colink_core::id::{ChannelId, UserId};
use colink_core::permission::Action;
use colink_telemetry::metrics::{IntCounter, IntCounterVec, IntGauge};
use colink_telemetry::{Metrics as Registry, MetricsError};

/// The counters of this service. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    sent: IntCounterVec,
    statements: IntCounter,
    waiting: IntGauge,
    lanes_full: IntCounter,
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
            statements: registry
                .counter("send_statements_total", "Statements that stored posts, each one or many")?,
            waiting: registry
                .gauge("send_posts_waiting", "Posts that wait for the statement before theirs")?,
            lanes_full: registry
                .counter("send_lanes_full_total", "Posts refused because too many waited in their channel")?,
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

    /// A statement that stores posts begins.
    pub(crate) fn statement(&self) {
        self.statements.inc();
    }

    /// Posts that wait for the statement before theirs.
    pub(crate) fn waiting(&self) -> &IntGauge {
        &self.waiting
    }

    /// A post was refused because too many wait in its channel.
    pub(crate) fn lane_full(&self, channel_id: ChannelId) {
        self.lanes_full.inc();
        tracing::warn!(%channel_id, "too many posts wait in a channel");
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
