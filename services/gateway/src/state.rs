//! What every request at the edge shares.

use std::sync::Arc;

use bytes::Bytes;
use colink_auth::Verifier;
use colink_core::clock::SharedClock;
use tokio_util::sync::CancellationToken;

use crate::config::LimitsConfig;
use crate::limits::Limiter;
use crate::metrics::EdgeMetrics;
use crate::upstreams::Upstreams;

/// One gateway.
#[derive(Debug)]
pub struct State {
    /// The time.
    pub clock: SharedClock,
    /// When it started.
    pub started: std::time::Instant,
    /// Checks access tokens.
    pub verifier: Verifier,
    /// Counts calls.
    pub limiter: Limiter,
    /// `[limits]`.
    pub limits: LimitsConfig,
    /// The services.
    pub upstreams: Arc<Upstreams>,
    /// Asks services how they are.
    pub http: reqwest::Client,
    /// Largest request body, in bytes.
    pub body_limit: usize,
    /// Every public operation of the fleet.
    pub document: Bytes,
    /// Cancelled when nothing may take any longer: tunnels end.
    pub hard: CancellationToken,
    /// Counters.
    pub metrics: EdgeMetrics,
    /// `[cors]`: pages of other origins that may call.
    pub allowed_origins: Arc<Vec<String>>,
}
