//! Gives up uploads that nobody confirmed in time (F-6). Doing it twice does it once.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::state::State;

/// Runs until cancelled.
pub(crate) async fn run(state: State, every: Duration, soft: CancellationToken) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = soft.cancelled() => return,
            _ = ticks.tick() => expire(&state).await,
        }
    }
}

async fn expire(state: &State) {
    match state.files.expire(state.clock.timestamp()).await {
        Ok(0) => {}
        Ok(count) => state.metrics.expired(count),
        Err(error) => state.metrics.sweep_failed("expire uploads", &error),
    }
}
