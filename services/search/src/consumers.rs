//! The streams that make the index.
//!
//! Delivery is at least once and in order per key only, so every handler writes guarded by the `seq` or `version` of its
//! event: repeats, late events and streams that overtake each other end in the same rows (S-1).

mod channel_created;
mod channel_updated;
mod dm_created;
mod file_deleted;
mod file_uploaded;
mod message_created;
mod message_deleted;
mod message_updated;
mod pin_added;
mod pin_removed;
mod reaction_added;
mod reaction_removed;
mod user_erased;
mod user_registered;
mod user_updated;

use std::time::Duration;

use colink_bus::{BusError, Consumer, HandleError, Producer};
use colink_events::Envelope;
use colink_events::channels::{ChannelCreated, ChannelUpdated, DmCreated};
use colink_events::files::{FileDeleted, FileUploaded};
use colink_events::messages::{
    MessageCreated, MessageDeleted, MessageUpdated, PinAdded, PinRemoved, ReactionAdded, ReactionRemoved,
};
use colink_events::users::{UserErased, UserRegistered, UserUpdated};
use colink_telemetry::Metrics;

use crate::config::Config;
use crate::state::State;

/// The group's name: offsets are stored under it, so it never changes.
const GROUP: &str = "search-index";

/// How long events are gathered: half of the time in which a message is to be found (S-5).
const PATIENCE: Duration = Duration::from_millis(500);

/// Where the handlers write.
#[derive(Debug, Clone)]
struct Index {
    state: State,
}

impl Index {
    /// Counts an event that took effect.
    fn done(&self, envelope: &Envelope, effect: Result<(), sqlx::Error>) -> Result<(), HandleError> {
        effect?;
        self.state.metrics.indexed(&envelope.kind, envelope.at, self.state.clock.timestamp());
        Ok(())
    }
}

/// The consumer of everything that is indexed.
///
/// # Errors
/// When its metrics exist in another form.
pub(crate) fn index(
    state: &State,
    config: &Config,
    producer: &Producer,
    metrics: &Metrics,
) -> Result<Consumer, BusError> {
    let to = Index { state: state.clone() };
    Ok(Consumer::group(GROUP, &config.kafka, producer, metrics)?
        .concurrency(config.search.index_concurrency)
        .unhurried(PATIENCE)
        .on_batch::<MessageCreated>(to.clone())
        .on::<MessageUpdated>(to.clone())
        .on::<MessageDeleted>(to.clone())
        .on::<ReactionAdded>(to.clone())
        .on::<ReactionRemoved>(to.clone())
        .on::<PinAdded>(to.clone())
        .on::<PinRemoved>(to.clone())
        .on::<FileUploaded>(to.clone())
        .on::<FileDeleted>(to.clone())
        .on::<ChannelCreated>(to.clone())
        .on::<ChannelUpdated>(to.clone())
        .on::<DmCreated>(to.clone())
        .on::<UserRegistered>(to.clone())
        .on::<UserUpdated>(to.clone())
        .on::<UserErased>(to))
}
