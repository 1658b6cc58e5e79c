//! The services behind the gateway, each with its circuit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use colink_http::ApiError;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::config::UpstreamsConfig;
use crate::domain::breaker::{Breaker, Permit};
use crate::domain::table::Upstream;
use crate::metrics::EdgeMetrics;

/// The time between two probes of an open circuit.
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// How long a probe may take.
const PROBE_TIME: Duration = Duration::from_millis(500);

/// Where services are, and whether they answer.
#[derive(Debug)]
pub struct Upstreams {
    config: UpstreamsConfig,
    breakers: [Breaker; Upstream::ALL.len()],
    metrics: EdgeMetrics,
}

impl Upstreams {
    /// All circuits closed.
    pub fn new(config: UpstreamsConfig, metrics: EdgeMetrics) -> Self {
        let cool_down = Duration::from_millis(config.breaker_open_ms);
        let breakers = Upstream::ALL.map(|_| Breaker::new(config.breaker_failures, cool_down));
        Self { config, breakers, metrics }
    }

    /// `host:port`.
    pub fn authority(&self, upstream: Upstream) -> &str {
        self.config.authority(upstream)
    }

    /// The time to the first byte of an answer.
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.config.deadline_ms)
    }

    /// Asks the circuit before a call.
    ///
    /// # Errors
    /// 503 while it is open.
    pub fn admit(&self, upstream: Upstream) -> Result<(), ApiError> {
        match self.breaker(upstream).ask(Instant::now()) {
            Permit::Allowed => Ok(()),
            Permit::Refused(wait) => {
                let wait = wait.min(PROBE_EVERY);
                Err(ApiError::unavailable(&format!("service {}", upstream.name())).retry_after(wait))
            }
        }
    }

    /// The service answered.
    pub fn answered(&self, upstream: Upstream) {
        self.breaker(upstream).succeeded();
    }

    /// It could not be reached or was too slow.
    pub fn failed(&self, upstream: Upstream, outcome: &'static str) {
        let opened = self.breaker(upstream).failed(Instant::now());
        self.metrics.upstream_failed(upstream, outcome, opened);
    }

    fn breaker(&self, upstream: Upstream) -> &Breaker {
        &self.breakers[upstream.index()]
    }
}

/// Closes the circuits of services that are back, so that nobody waits for the end of a cool-down.
pub async fn probe(upstreams: Arc<Upstreams>, http: reqwest::Client, soft: CancellationToken) {
    let mut ticks = interval(PROBE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = soft.cancelled() => return,
            _ = ticks.tick() => {}
        }
        for upstream in Upstream::ALL {
            if upstreams.breaker(upstream).is_open() && answers(&upstreams, &http, upstream).await {
                tracing::info!(upstream = upstream.name(), "the service is back");
                upstreams.answered(upstream);
            }
        }
    }
}

async fn answers(upstreams: &Upstreams, http: &reqwest::Client, upstream: Upstream) -> bool {
    let url = format!("http://{}/health", upstreams.authority(upstream));
    http.get(url).timeout(PROBE_TIME).send().await.is_ok_and(|answer| answer.status().is_success())
}
