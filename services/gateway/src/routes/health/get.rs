//! `GET /health`: the fleet with every service and store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;
use colink_core::time::Timestamp;
use colink_http::health::{Dependency, Readiness, State as Condition};
use futures_util::future::join_all;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::table::Upstream;
use crate::state::State;

/// How long a service may take to say how it is: longer than it gives its own stores.
const PATIENCE: Duration = Duration::from_millis(1500);
/// How old an answer may be: anybody may ask, and each question goes to every service.
const LIFE: Duration = Duration::from_secs(1);

/// The fleet's condition. It is a bare document, not an envelope: monitors read it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FleetHealth {
    /// `unhealthy` when any service cannot work.
    status: Condition,
    /// When the services were asked: at most a second ago.
    timestamp: Timestamp,
    /// Seconds since the gateway started.
    uptime: u64,
    /// Each service by name.
    services: BTreeMap<&'static str, ServiceHealth>,
}

/// One service's condition.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ServiceHealth {
    status: Condition,
    /// Its stores and what else it depends on; empty when it does not answer.
    dependencies: BTreeMap<String, Dependency>,
}

/// How every service is. They are asked once a second at most, for all who want to know.
#[utoipa::path(
    get, path = "/health", operation_id = "get_fleet_health", tag = "gateway", security(()),
    responses(
        (status = 200, description = "Every service works, some perhaps degraded", body = FleetHealth),
        (status = 503, description = "A service cannot work", body = FleetHealth),
    )
)]
pub async fn get_fleet_health(state: Data<Arc<State>>) -> HttpResponse {
    let health = state.health.get(async || (ask_all(&state).await, LIFE)).await;
    let mut response = match health.status {
        Condition::Unhealthy => HttpResponse::ServiceUnavailable(),
        Condition::Healthy | Condition::Degraded => HttpResponse::Ok(),
    };
    response.json(health)
}

async fn ask_all(state: &State) -> FleetHealth {
    let services: BTreeMap<_, _> =
        join_all(Upstream::ALL.map(|upstream| ask(state, upstream))).await.into_iter().collect();
    let any = |condition| services.values().any(|service| service.status == condition);
    let status = if any(Condition::Unhealthy) {
        Condition::Unhealthy
    } else if any(Condition::Degraded) {
        Condition::Degraded
    } else {
        Condition::Healthy
    };
    let timestamp = Timestamp::from(state.clock.now());
    FleetHealth { status, timestamp, uptime: state.started.elapsed().as_secs(), services }
}

async fn ask(state: &State, upstream: Upstream) -> (&'static str, ServiceHealth) {
    let url = format!("http://{}/ready", state.upstreams.authority(upstream));
    let answer = async { state.http.get(url).timeout(PATIENCE).send().await?.json::<Readiness>().await };
    let health = match answer.await {
        Ok(readiness) => ServiceHealth { status: readiness.status, dependencies: readiness.dependencies },
        Err(error) => {
            tracing::debug!(upstream = upstream.name(), %error, "the service does not say how it is");
            ServiceHealth { status: Condition::Unhealthy, dependencies: BTreeMap::new() }
        }
    };
    (upstream.name(), health)
}
