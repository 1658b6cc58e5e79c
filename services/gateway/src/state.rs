//! What every request at the edge shares.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use colink_auth::Verifier;
use colink_core::clock::SharedClock;
use colink_http::Fresh;
use tokio_util::sync::CancellationToken;

use crate::api_keys::ApiKeys;
use crate::config::LimitsConfig;
use crate::limits::Limiter;
use crate::metrics::EdgeMetrics;
use crate::provider_tokens::ProviderTokens;
use crate::routes::health::get::FleetHealth;
use crate::upstreams::Upstreams;

/// How large a request's body may be, and how slow.
#[derive(Debug, Clone, Copy)]
pub struct BodyRules {
    /// Bytes at most.
    pub bytes: usize,
    /// The time in which a small one must arrive.
    pub time: Duration,
}

/// One gateway.
#[derive(Debug)]
pub struct State {
    /// The time.
    pub clock: SharedClock,
    /// When it started.
    pub started: std::time::Instant,
    /// Checks access tokens.
    pub verifier: Verifier,
    /// Exchanges API keys for tokens.
    pub api_keys: ApiKeys,
    /// Exchanges tokens of trusted issuers for ours.
    pub provider_tokens: ProviderTokens,
    /// Counts calls.
    pub limiter: Limiter,
    /// `[limits]`.
    pub limits: LimitsConfig,
    /// The services.
    pub upstreams: Arc<Upstreams>,
    /// Asks services how they are.
    pub http: reqwest::Client,
    /// What they said last.
    pub health: Fresh<FleetHealth>,
    /// What a request's body may be.
    pub body: BodyRules,
    /// Whether an ingress in front says who the client is.
    pub trust_forwarded: bool,
    /// Every public operation of the fleet.
    pub document: Bytes,
    /// Cancelled when the gateway is to stop: tunnels end.
    pub soft: CancellationToken,
    /// Counters.
    pub metrics: EdgeMetrics,
    /// `[cors]`: pages of other origins that may call.
    pub allowed_origins: Arc<Vec<String>>,
}
