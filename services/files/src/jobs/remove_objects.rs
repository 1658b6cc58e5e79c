//! Removes the objects of deleted files and expired uploads, and of every file what its upload URL wrote (F-6). Removing twice
//! removes once.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::error::Result;
use crate::state::State;

/// Objects of one look at the list.
const BATCH: i64 = 100;

/// Runs until cancelled.
pub(crate) async fn run(state: State, every: Duration, soft: CancellationToken) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = soft.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let swept = tokio::select! {
            () = soft.cancelled() => return,
            swept = remove(&state) => swept,
        };
        if let Err(error) = swept {
            state.metrics.sweep_failed("remove objects", &error);
        }
    }
}

async fn remove(state: &State) -> Result<()> {
    loop {
        let removals = state.files.list_removals(state.clock.timestamp(), BATCH).await?;
        if removals.is_empty() {
            return Ok(());
        }
        for removal in removals {
            for key in removal.keys() {
                state.objects.delete(key).await?;
            }
            state.files.removed(&removal, state.clock.timestamp()).await?;
            state.metrics.removed(removal.id);
        }
    }
}
