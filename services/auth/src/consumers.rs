//! What other services' events do here.
//!
//! Contract: at least once, in order per workspace. What is done is done once: a repeat finds nothing left to do, so there is
//! no inbox.

mod workspace_deleted;

use colink_bus::{BusError, Consumer, HandleError, KafkaConfig, Producer};
use colink_events::channels::WorkspaceDeleted;
use colink_jobs::JobsError;
use colink_telemetry::Metrics;

use crate::error::AuthError;
use crate::state::State;

/// The group's name: offsets are stored under it, so it never changes.
const GROUP: &str = "auth-channels";

/// The consumer of the service. What it does is rare and nobody waits for it: it takes few connections from the requests.
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
        .on::<WorkspaceDeleted>(workspace_deleted::RemoveProviders(state.clone()))
        .concurrency(2))
}

/// A store that is away is waited for; anything else is tried again, then parked.
fn failed(error: AuthError) -> HandleError {
    match error {
        AuthError::Store(error) if error.is_transient() => HandleError::unavailable(error),
        AuthError::Outbox(BusError::Database(error)) | AuthError::Jobs(JobsError::Database(error)) => {
            error.into()
        }
        error => HandleError::retry(error),
    }
}
