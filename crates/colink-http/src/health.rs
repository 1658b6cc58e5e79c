//! Whether the service lives (`/health`) and whether it can work (`/ready`).
//!
//! Both are bare documents, not envelopes: monitors read them. Anybody may ask, so the dependencies are asked at most once a
//! second, however many ask the service.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::web::Data;
use colink_core::clock::SharedClock;
use colink_core::time::Timestamp;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fresh::Fresh;

/// How long one dependency may take to answer.
const DEADLINE: Duration = Duration::from_secs(1);
/// How old an answer of `/ready` may be.
const LIFE: Duration = Duration::from_secs(1);
/// How old it may be while something is down: shorter, so that what is back is seen soon.
const LIFE_WHILE_DOWN: Duration = Duration::from_millis(100);

type Outcome = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type Check = Arc<dyn Fn() -> Outcome + Send + Sync>;

/// What the service depends on, and how each is asked. Cheap to clone; clones share the list and its latest answer.
#[derive(Clone, Default)]
pub struct HealthChecks(Arc<Shared>);

#[derive(Default)]
struct Shared {
    entries: Mutex<Vec<Entry>>,
    latest: Mutex<Arc<Fresh<Readiness>>>,
}

#[derive(Clone)]
struct Entry {
    name: &'static str,
    required: bool,
    check: Check,
}

/// The answer of `/health`: the process lives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Always `healthy`: a process that is not does not answer.
    #[schema(example = "healthy")]
    pub status: String,
    /// The present moment.
    pub timestamp: Timestamp,
    /// Seconds since the start.
    pub uptime: u64,
    /// The version of the build.
    #[schema(example = "0.1.0")]
    pub version: String,
}

/// The answer of `/ready`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// Whether the service can do its work.
    pub status: State,
    /// When the dependencies were asked: at most a second ago.
    pub timestamp: Timestamp,
    /// Each dependency by name.
    pub dependencies: BTreeMap<String, Dependency>,
}

/// How well something works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HealthState)]
pub enum State {
    /// Everything works.
    Healthy,
    /// Something that is not required is down.
    Degraded,
    /// Something required is down.
    Unhealthy,
}

/// One dependency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Dependency {
    /// `healthy` or `unhealthy`.
    pub status: State,
    /// Whether the service is not ready without it.
    pub required: bool,
}

impl HealthChecks {
    /// Adds a dependency without which the service is not ready. `check` fails with the reason, which is logged and not
    /// shown; it is never called twice at once.
    pub fn require<F, E>(&self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        self.add(name, true, check);
    }

    /// Adds a dependency whose loss only degrades the service.
    pub fn watch<F, E>(&self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        self.add(name, false, check);
    }

    /// What the dependencies said within the last second; else asks them, for all callers that wait.
    pub async fn readiness(&self, clock: &SharedClock) -> Readiness {
        let latest = Arc::clone(&self.0.latest.lock().unwrap_or_else(PoisonError::into_inner));
        latest
            .get(async || {
                let readiness = self.ask_all(clock.timestamp()).await;
                let life = if readiness.status == State::Healthy { LIFE } else { LIFE_WHILE_DOWN };
                (readiness, life)
            })
            .await
    }

    /// Asks every dependency at once; one that takes longer than a second counts as down.
    async fn ask_all(&self, timestamp: Timestamp) -> Readiness {
        let entries = self.0.entries.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let dependencies: BTreeMap<_, _> = join_all(entries.into_iter().map(ask)).await.into_iter().collect();
        let down = |dependency: &Dependency| dependency.status == State::Unhealthy;
        let status = if dependencies.values().any(|one| one.required && down(one)) {
            State::Unhealthy
        } else if dependencies.values().any(down) {
            State::Degraded
        } else {
            State::Healthy
        };
        Readiness { status, timestamp, dependencies }
    }

    fn add<F, E>(&self, name: &'static str, required: bool, check: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        let check: Check = Arc::new(move || {
            let asked = check();
            Box::pin(async move { asked.await.map_err(|reason| reason.to_string()) })
        });
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner).push(Entry { name, required, check });
        // What was said before says nothing of the new one.
        *self.0.latest.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }
}

impl std::fmt::Debug for HealthChecks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let entries = self.0.entries.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_list().entries(entries.iter().map(|entry| entry.name)).finish()
    }
}

async fn ask(entry: Entry) -> (String, Dependency) {
    let Entry { name, required, check } = entry;
    let reason = match tokio::time::timeout(DEADLINE, check()).await {
        Ok(Ok(())) => None,
        Ok(Err(reason)) => Some(reason),
        Err(_) => Some("no answer within a second".to_owned()),
    };
    if let Some(reason) = &reason {
        tracing::warn!(dependency = name, required, reason, "a dependency is down");
    }
    let status = if reason.is_none() { State::Healthy } else { State::Unhealthy };
    (name.to_owned(), Dependency { status, required })
}

/// What the handlers know.
pub(crate) struct Vitals {
    pub(crate) checks: HealthChecks,
    pub(crate) clock: SharedClock,
    pub(crate) started: Instant,
}

pub(crate) async fn get_health(vitals: Data<Vitals>) -> HttpResponse {
    HttpResponse::Ok().json(Health {
        status: "healthy".to_owned(),
        timestamp: vitals.clock.timestamp(),
        uptime: vitals.started.elapsed().as_secs(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

pub(crate) async fn get_readiness(vitals: Data<Vitals>) -> HttpResponse {
    let readiness = vitals.checks.readiness(&vitals.clock).await;
    match readiness.status {
        State::Healthy | State::Degraded => HttpResponse::Ok().json(readiness),
        State::Unhealthy => HttpResponse::ServiceUnavailable().json(readiness),
    }
}
