//! The services behind the gateway, each with its circuit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use colink_http::ApiError;
use futures_util::future::join_all;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::config::UpstreamsConfig;
use crate::domain::breaker::{Breaker, Permit};
use crate::domain::table::Upstream;
use crate::metrics::EdgeMetrics;

/// The time between two probes of an open circuit.
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// How long a probe may take: longer than a service gives its own stores.
const PROBE_TIME: Duration = Duration::from_millis(1500);

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
    pub fn admit(&self, upstream: Upstream) -> Result<Admitted<'_>, ApiError> {
        let breaker = self.breaker(upstream);
        match breaker.ask(Instant::now()) {
            Permit::Allowed => Ok(Admitted(None)),
            Permit::Trial => Ok(Admitted(Some(breaker))),
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

/// A call that may be made. While it is a trial of an open circuit, other callers wait for its end.
#[derive(Debug)]
#[must_use = "a trial ends when this is dropped"]
pub struct Admitted<'a>(Option<&'a Breaker>);

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if let Some(breaker) = self.0 {
            breaker.trial_ended(Instant::now());
        }
    }
}

/// Asks the services with open circuits whether they are ready, so that nobody waits for the end of a cool-down.
pub async fn probe(upstreams: Arc<Upstreams>, http: reqwest::Client, soft: CancellationToken) {
    let mut ticks = interval(PROBE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = soft.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let open = Upstream::ALL.into_iter().filter(|upstream| upstreams.breaker(*upstream).is_open());
        join_all(open.map(|upstream| ask(&upstreams, &http, upstream))).await;
    }
}

async fn ask(upstreams: &Upstreams, http: &reqwest::Client, upstream: Upstream) {
    let url = format!("http://{}/ready", upstreams.authority(upstream));
    let answer = http.get(url).timeout(PROBE_TIME).send().await;
    if answer.is_ok_and(|answer| answer.status().is_success())
        && upstreams.breaker(upstream).may_work(Instant::now())
    {
        tracing::info!(
            upstream = upstream.name(),
            "the service says that it is ready: the next call tries it"
        );
    }
}
