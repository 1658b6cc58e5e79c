//! Any event of a channel's log: to the channel's room, if somebody here follows it.
//!
//! This is the hot path. An event of a channel that nobody here follows costs a look at its key; any
//! other is read once, and its frame is shared by all sockets.

use std::sync::Arc;

use colink_bus::tail::TailItem;
use colink_core::id::ChannelId;

use crate::domain::frame::EventParts;
use crate::state::State;

pub(super) fn take(state: &State, item: &TailItem) {
    let Some(channel) = channel_of(item) else { return };
    let Some(room) = state.hub.room(channel) else { return };
    match EventParts::read(&item.payload) {
        Ok(parts) => {
            let Some(seq) = parts.seq else { return };
            state.metrics.event();
            if let Some(hole) = room.offer(seq, parts.frame(channel, seq)) {
                state.holes.report(Arc::clone(&room), hole);
            }
        }
        // The room sees the hole with the next event and reads the log.
        Err(error) => tracing::warn!(%channel, %error, "an event cannot be read"),
    }
}

fn channel_of(item: &TailItem) -> Option<ChannelId> {
    std::str::from_utf8(&item.key).ok()?.parse().ok()
}
