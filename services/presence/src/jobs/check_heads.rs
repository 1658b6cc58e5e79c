//! Catches a lost tail: an event that never came here leaves no hole, since nothing follows it.
//!
//! The heads of all followed channels are compared with what was delivered. What is missing at two
//! checks in a row is fetched from the log.

use std::sync::Arc;
use std::time::Duration;

use colink_core::id::ChannelId;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::state::State;

/// Checks until the process stops.
pub async fn run(state: Arc<State>, soft: CancellationToken) {
    let mut ticks = interval(Duration::from_millis(state.settings.check_heads_ms));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = soft.cancelled() => return,
            _ = ticks.tick() => check(&state).await,
        }
    }
}

async fn check(state: &State) {
    let rooms = state.hub.rooms();
    let channels: Vec<ChannelId> = rooms.iter().map(|room| room.channel_id()).collect();
    match state.peers.heads(&channels).await {
        Ok(heads) => {
            for room in rooms {
                let overdue = heads.get(&room.channel_id()).and_then(|head| room.check_head(*head));
                if let Some(hole) = overdue {
                    state.holes.report(room, hole);
                }
            }
        }
        Err(error) => tracing::debug!(%error, "messaging did not tell the heads of the followed channels"),
    }
}
