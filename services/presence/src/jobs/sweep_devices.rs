//! Tells the others of users whose last device is gone: closed and past its grace, or on a node that died.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::state::State;
use crate::store::ephemera::Notice;

/// How often; a user is seen as gone that much later at most.
const EVERY: Duration = Duration::from_secs(2);

/// Sweeps until the process stops.
pub async fn run(state: Arc<State>, soft: CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = soft.cancelled() => return,
            _ = ticks.tick() => sweep(&state).await,
        }
    }
}

async fn sweep(state: &State) {
    match state.devices.sweep(state.clock.now()).await {
        Ok(settled) => {
            for (user_id, seen) in settled {
                state
                    .tell(Notice::Presence { user_id, status: seen.status, workspaces: seen.workspaces })
                    .await;
            }
        }
        Err(error) => state.metrics.redis_failed(&error),
    }
}
