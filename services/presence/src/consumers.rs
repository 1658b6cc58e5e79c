//! What a node does with the events of the fleet, one event a file.
//!
//! Every node reads every event by itself, from the moment it started: nothing is committed, and what was
//! before is in the log. Delivery: in order for each key, possibly repeated after a crash of a relay; all
//! of these are harmless to repeat. The streams are followed side by side; nothing is said of the order between them.

mod channel_event;
mod channel_member_added;
mod channel_member_removed;
mod member_gone;
mod member_role_changed;
mod session_downgraded;
mod session_revoked;
mod user_deactivated;
mod user_erased;
mod user_suspended;
mod workspace_deleted;
mod workspace_updated;

use std::sync::Arc;

use colink_bus::tail::{Tail, TailItem};
use colink_events::{Envelope, Event, OpenError, Topic};
use tokio_util::sync::CancellationToken;

use crate::error::PresenceError;
use crate::state::State;

/// The streams that sockets depend on.
pub const STREAMS: [Topic; 3] = [Topic::Messages, Topic::Channels, Topic::Users];

/// Follows a stream until the process stops.
///
/// # Errors
/// The broker's client gave up for good.
pub async fn run(state: Arc<State>, mut tail: Tail, soft: CancellationToken) -> Result<(), PresenceError> {
    loop {
        let item = tokio::select! {
            () = soft.cancelled() => return Ok(()),
            item = tail.next() => item?,
        };
        match tail.topic() {
            Topic::Messages => channel_event::take(&state, &item),
            Topic::Channels | Topic::Users => take_fact(&state, &item),
            Topic::Files | Topic::Moderation => {}
        }
    }
}

fn take_fact(state: &Arc<State>, item: &TailItem) {
    let taken = match item.event_type.as_str() {
        "channel_member.added" => open(item, |event| channel_member_added::take(state, event)),
        "channel_member.removed" => open(item, |event| channel_member_removed::take(state, event)),
        "member.left" => open(item, |event| member_gone::take_left(state, event)),
        "member.removed" => open(item, |event| member_gone::take_removed(state, event)),
        "member.role_changed" => open(item, |event| member_role_changed::take(state, event)),
        "workspace.deleted" => open(item, |event| workspace_deleted::take(state, &event)),
        "workspace.updated" => open(item, |event| workspace_updated::take(state, &event)),
        "session.downgraded" => open(item, |event| session_downgraded::take(state, &event)),
        "session.revoked" => open(item, |event| session_revoked::take(state, event)),
        "user.deactivated" => open(item, |event| user_deactivated::take(state, event)),
        "user.erased" => open(item, |event| user_erased::take(state, event)),
        "user.suspended" => open(item, |event| user_suspended::take(state, event)),
        _ => Ok(()),
    };
    if let Err(error) = taken {
        tracing::warn!(
            kind = item.event_type,
            error = &error as &dyn std::error::Error,
            "an event cannot be read and is left out"
        );
    }
}

fn open<E: Event>(item: &TailItem, take: impl FnOnce(E)) -> Result<(), ReadError> {
    let envelope: Envelope = item.envelope()?;
    take(envelope.open()?);
    Ok(())
}

/// Bytes that are not the event their header says they are.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error(transparent)]
    Envelope(#[from] colink_bus::BusError),
    #[error(transparent)]
    Payload(#[from] OpenError),
}
