//! What a service is handed while it is built.
//!
//! A store is connected and its readiness check registered in one call, so that neither can be forgotten. Stores
//! connect lazily: a service starts while they are down, says so on `/ready`, and works when they come back.

mod identity;
mod stores;

pub use self::identity::Identity;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::web::ServiceConfig;
use colink_bus::Producer;
use colink_core::clock::SharedClock;
use colink_http::client::http_client;
use colink_http::health::HealthChecks;
use colink_telemetry::Metrics;
use sqlx::PgPool;

use crate::error::StartError;
use crate::lifecycle::Lifecycle;

/// The longest any call of [`Boot::http`] may take.
const HTTP_BUDGET: Duration = Duration::from_secs(10);

type Provide = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// The means of the process: time, tasks, metrics, stores.
pub struct Boot {
    service: &'static str,
    clock: SharedClock,
    metrics: Metrics,
    lifecycle: Lifecycle,
    health: HealthChecks,
    http: reqwest::Client,
    provided: Vec<Provide>,
    postgres: Option<PgPool>,
    producer: Option<Producer>,
}

impl Boot {
    pub(crate) fn new(
        service: &'static str,
        clock: SharedClock,
        lifecycle: Lifecycle,
    ) -> Result<Self, StartError> {
        let health = HealthChecks::default();
        let life = lifecycle.clone();
        health.require("lifecycle", move || {
            let stopping = life.is_stopping();
            async move { if stopping { Err("the process is stopping") } else { Ok(()) } }
        });
        Ok(Self {
            service,
            clock,
            metrics: Metrics::new(service)?,
            lifecycle,
            health,
            http: http_client(HTTP_BUDGET).map_err(StartError::setting_up("the HTTP client"))?,
            provided: Vec::new(),
            postgres: None,
            producer: None,
        })
    }

    /// The service's name.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// The clock of the process.
    #[must_use]
    pub fn clock(&self) -> SharedClock {
        Arc::clone(&self.clock)
    }

    /// The registry behind `/metrics`.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Background tasks and shutdown.
    #[must_use]
    pub fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    /// The checks behind `/ready`. Those of stores are registered already.
    #[must_use]
    pub fn health(&self) -> &HealthChecks {
        &self.health
    }

    /// A client for calls to the outside, with deadlines and without redirects.
    #[must_use]
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Hands `value` to every worker as `app_data`, for an extractor that asks for it by type.
    pub fn provide<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
        self.provided.push(Arc::new(move |app| {
            app.app_data(value.clone());
        }));
    }

    /// Keeps the service not ready until the requirement is granted: a projection that must catch up, a
    /// partition that must be assigned.
    #[must_use]
    pub fn require(&self, name: &'static str) -> Requirement {
        let requirement = Requirement { granted: Arc::new(AtomicBool::new(false)) };
        let asked = requirement.clone();
        self.health.require(name, move || {
            let granted = asked.is_granted();
            async move { if granted { Ok(()) } else { Err("not yet") } }
        });
        requirement
    }

    /// What the workers are to be configured with.
    pub(crate) fn provisions(&self) -> Vec<Provide> {
        self.provided.clone()
    }
}

impl std::fmt::Debug for Boot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Boot")
            .field("service", &self.service)
            .field("health", &self.health)
            .finish_non_exhaustive()
    }
}

/// Something without which the service is not ready. Clones are one.
#[derive(Clone, Debug)]
pub struct Requirement {
    granted: Arc<AtomicBool>,
}

impl Requirement {
    /// The service may be ready.
    pub fn grant(&self) {
        self.granted.store(true, Ordering::Release);
    }

    /// The service is not ready any more.
    pub fn withdraw(&self) {
        self.granted.store(false, Ordering::Release);
    }

    /// Whether it is granted at present.
    #[must_use]
    pub fn is_granted(&self) -> bool {
        self.granted.load(Ordering::Acquire)
    }
}
