//! What other services' events do here: profiles of users are copied, to be shown beside members, and the memberships of
//! an erased user end.
//!
//! Contract: at least once, in order per user. A profile is guarded by its version and erasing is final, so that repeats
//! and stragglers change nothing; a membership ends once. There is no inbox.

mod user_erased;
mod user_registered;
mod user_updated;

use std::sync::Arc;

use colink_bus::{BusError, Consumer, KafkaConfig, Producer};
use colink_events::users::{UserErased, UserRegistered, UserUpdated};
use colink_telemetry::Metrics;

use crate::change::Means;

/// The group's name is fixed for good.
const GROUP: &str = "channels-users";

/// The consumer of the service.
pub(crate) fn consumer(
    kafka: &KafkaConfig,
    producer: &Producer,
    metrics: &Metrics,
    means: Means,
) -> Result<Consumer, BusError> {
    let (pool, means) = (means.pool.clone(), Arc::new(means));
    Ok(Consumer::group(GROUP, kafka, producer, metrics)?
        .on::<UserRegistered>(user_registered::CopyProfile(pool.clone()))
        .on::<UserUpdated>(user_updated::CopyProfile(pool))
        .on::<UserErased>(user_erased::EraseUser(means))
        .concurrency(2))
}
