//! What other services' events do here.
//!
//! Contract: at least once, in order per user. What is done is done once: a repeat finds nothing left to do.

mod user_erased;

use colink_bus::{BusError, Consumer, KafkaConfig, Producer};
use colink_events::users::UserErased;
use colink_telemetry::Metrics;

use crate::state::State;

/// The group's name: offsets are stored under it, so it never changes.
const GROUP: &str = "files-users";

/// The consumer of the service.
///
/// # Errors
/// When its metrics exist in another form.
pub(crate) fn consumer(
    state: &State,
    kafka: &KafkaConfig,
    producer: &Producer,
    metrics: &Metrics,
) -> Result<Consumer, BusError> {
    Ok(Consumer::group(GROUP, kafka, producer, metrics)?
        .on::<UserErased>(user_erased::RemoveTraces(state.clone())))
}
