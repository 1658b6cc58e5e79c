//! What channels counts. A line in the log that belongs to a count leaves from here with it.

use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_telemetry::metrics::{IntCounter, IntCounterVec, Metrics, MetricsError};

/// The metrics of the service.
#[derive(Debug, Clone)]
pub(crate) struct ChannelsMetrics {
    workspaces: IntCounter,
    channels: IntCounterVec,
    joined: IntCounterVec,
    bypasses: IntCounter,
    purged_keys: IntCounter,
}

impl ChannelsMetrics {
    /// Registers the metrics.
    pub(crate) fn new(metrics: &Metrics) -> Result<Self, MetricsError> {
        Ok(Self {
            workspaces: metrics.counter("workspaces_created_total", "Workspaces that were created.")?,
            channels: metrics.counter_vec(
                "channels_created_total",
                "Channels and direct conversations that were created, by kind.",
                &["kind"],
            )?,
            joined: metrics.counter_vec(
                "invites_accepted_total",
                "Attempts to accept an invitation, by outcome.",
                &["outcome"],
            )?,
            bypasses: metrics.counter(
                "access_bypassed_total",
                "Times a realm admin passed without the membership others need.",
            )?,
            purged_keys: metrics.counter(
                "idempotency_keys_purged_total",
                "Idempotency keys that were deleted because their time was over.",
            )?,
        })
    }

    /// A workspace was created.
    pub(crate) fn workspace_created(&self, workspace: WorkspaceId) {
        self.workspaces.inc();
        tracing::info!(%workspace, "workspace created");
    }

    /// A channel or direct conversation was created.
    pub(crate) fn channel_created(&self, channel: ChannelId, kind: colink_core::role::ChannelKind) {
        self.channels.with_label_values(&[kind.as_str()]).inc();
        tracing::info!(%channel, kind = kind.as_str(), "channel created");
    }

    /// Somebody used an invitation.
    pub(crate) fn invite_accepted(&self, workspace: WorkspaceId, user: UserId) {
        self.joined.with_label_values(&["joined"]).inc();
        tracing::info!(%workspace, %user, "invitation accepted");
    }

    /// Somebody's invitation was not good any more.
    pub(crate) fn invite_refused(&self) {
        self.joined.with_label_values(&["refused"]).inc();
    }

    /// A realm admin passed without membership.
    pub(crate) fn bypassed(&self, user: UserId, action: &'static str) {
        self.bypasses.inc();
        tracing::warn!(%user, action, "a realm admin passed without membership");
    }

    /// Expired idempotency keys were deleted.
    pub(crate) fn keys_purged(&self, count: u64) {
        self.purged_keys.inc_by(count);
        tracing::debug!(count, "idempotency keys purged");
    }
}
