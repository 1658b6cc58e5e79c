//! What presence counts. A line in the log that belongs to a count leaves from here with it.

use colink_telemetry::metrics::{IntCounter, IntCounterVec, IntGauge, Metrics, MetricsError};

use crate::hub::close::End;

/// The metrics of one node.
#[derive(Debug, Clone)]
pub struct PresenceMetrics {
    connections: IntGauge,
    closed: IntCounterVec,
    sockets: SocketMetrics,
    delivered_events: IntCounter,
    holes: IntCounterVec,
    refused_frames: IntCounterVec,
    redis_failures: IntCounter,
}

/// What a single socket counts.
#[derive(Debug, Clone)]
pub struct SocketMetrics {
    dropped_ephemeral: IntCounter,
}

impl PresenceMetrics {
    /// Registers the metrics.
    ///
    /// # Errors
    /// A name that is taken.
    pub fn new(metrics: &Metrics) -> Result<Self, MetricsError> {
        Ok(Self {
            connections: metrics.gauge("websocket_connections", "Open sockets on this node.")?,
            closed: metrics.counter_vec(
                "websocket_closed_total",
                "Sockets that ended: by the reason of their close code, by their client, or lost with the connection.",
                &["reason"],
            )?,
            sockets: SocketMetrics {
                dropped_ephemeral: metrics.counter(
                    "websocket_ephemeral_dropped_total",
                    "Typing and presence frames that found a client's queue half full.",
                )?,
            },
            delivered_events: metrics.counter("realtime_events_total", "Events of followed channels that reached this node's rooms.")?,
            holes: metrics.counter_vec(
                "realtime_holes_total",
                "Stretches that were missing from a channel's events: filled from the log, or given up as a gap.",
                &["outcome"],
            )?,
            refused_frames: metrics.counter_vec("websocket_frames_refused_total", "Client frames answered with an error, by code.", &["code"])?,
            redis_failures: metrics.counter("presence_redis_failures_total", "Presence and typing updates that Redis did not take.")?,
        })
    }

    /// The counters of a new socket.
    pub fn socket(&self) -> SocketMetrics {
        self.sockets.clone()
    }

    /// A socket opened.
    pub fn connected(&self) {
        self.connections.inc();
    }

    /// A socket is gone.
    pub fn disconnected(&self) {
        self.connections.dec();
    }

    /// A connection ended, whether it had become a socket or not. Said once of each.
    pub fn closed(&self, end: End) {
        self.closed.with_label_values(&[end.name()]).inc();
    }

    /// Open sockets.
    pub fn open_sockets(&self) -> usize {
        usize::try_from(self.connections.get()).unwrap_or(0)
    }

    /// An event reached a room.
    pub fn event(&self) {
        self.delivered_events.inc();
    }

    /// A hole was filled from messaging's log.
    pub fn hole_filled(&self, channel: colink_core::id::ChannelId) {
        self.holes.with_label_values(&["filled"]).inc();
        tracing::info!(%channel, "filled a hole in the channel's events from the log");
    }

    /// A hole could not be filled; followers were told of the gap.
    pub fn hole_given_up(&self, channel: colink_core::id::ChannelId) {
        self.holes.with_label_values(&["gap"]).inc();
        tracing::warn!(%channel, "could not fill a hole in the channel's events: followers were told of the gap");
    }

    /// A client frame was answered with an error.
    pub fn refused(&self, code: &'static str) {
        self.refused_frames.with_label_values(&[code]).inc();
    }

    /// Redis did not take an update; delivery of messages does not depend on it.
    pub fn redis_failed(&self, error: &(dyn std::error::Error + 'static)) {
        self.redis_failures.inc();
        tracing::warn!(error, "redis did not take a presence update");
    }
}

impl SocketMetrics {
    /// A passing frame was dropped.
    pub fn dropped_ephemeral(&self) {
        self.dropped_ephemeral.inc();
    }
}
