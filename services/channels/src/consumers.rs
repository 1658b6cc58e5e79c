//! What other services' events do here: profiles of users are copied, to be shown beside members, and users whom a
//! workspace's identity provider brought become members.
//!
//! Contract: at least once, in order per user. A profile is guarded by its version, erasing is final, and only who never was a
//! member becomes one, so that repeats and stragglers change nothing; there is no inbox.

mod user_erased;
mod user_provisioned;
mod user_registered;
mod user_updated;

use colink_bus::{BusError, Consumer, KafkaConfig, Producer};
use colink_events::users::{UserErased, UserProvisioned, UserRegistered, UserUpdated};
use colink_telemetry::Metrics;

use crate::change::Means;

/// The group's name is fixed for good.
const GROUP: &str = "channels-users";

/// The consumer of the service.
pub(crate) fn consumer(
    kafka: &KafkaConfig,
    producer: &Producer,
    metrics: &Metrics,
    means: &Means,
) -> Result<Consumer, BusError> {
    let pool = &means.pool;
    Ok(Consumer::group(GROUP, kafka, producer, metrics)?
        .on::<UserRegistered>(user_registered::CopyProfile(pool.clone()))
        .on::<UserUpdated>(user_updated::CopyProfile(pool.clone()))
        .on::<UserProvisioned>(user_provisioned::JoinWorkspace(means.clone()))
        .on::<UserErased>(user_erased::EraseProfile(pool.clone()))
        .concurrency(2))
}
