//! Every stream, from its beginning.
//!
//! Delivery is at least once. An entry's id is its event's id and an entry is only ever inserted, so a repeat changes
//! nothing, and the order in which events come does not matter.

mod every_event;

use std::time::Duration;

use colink_bus::{BusError, Consumer, Producer};
use colink_events::Topic;
use colink_telemetry::Metrics;

use crate::config::Config;
use crate::state::State;
use every_event::Recorder;

/// The group's name: offsets are stored under it, so it never changes.
const GROUP: &str = "admin-audit";

/// How long events are gathered: whoever looks something up in the log was not there when it happened.
const PATIENCE: Duration = Duration::from_secs(1);

/// The consumer that writes the log.
///
/// # Errors
/// When its metrics exist in another form.
pub(crate) fn audit(
    state: &State,
    config: &Config,
    producer: &Producer,
    metrics: &Metrics,
) -> Result<Consumer, BusError> {
    let recorder = Recorder { log: state.log.clone(), metrics: state.metrics.clone() };
    let consumer = Consumer::group(GROUP, &config.kafka, producer, metrics)?
        .concurrency(config.audit.partitions_at_once)
        .redrive(config.audit.redrive)
        .unhurried(PATIENCE)
        .on_any_batch(recorder);
    Ok(Topic::ALL.into_iter().fold(consumer, Consumer::topic))
}
