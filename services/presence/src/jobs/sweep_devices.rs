//! Tells the others of users whose last device is gone: closed and past its grace, or on a node that died.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::state::State;
use crate::store::ephemera::Notice;

/// How often. A user is seen as gone that much later, and the time of the passes before his: some milliseconds for each
/// 200 devices.
const EVERY: Duration = Duration::from_secs(2);

/// Sweeps until the process stops.
pub async fn run(state: Arc<State>, soft: CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = soft.cancelled() => return,
            _ = ticks.tick() => sweep(&state, &soft).await,
        }
    }
}

/// Settles everything that is due by now, pass by pass: a node that died leaves thousands of devices at once.
async fn sweep(state: &State, soft: &CancellationToken) {
    let now = state.clock.now();
    while !soft.is_cancelled() {
        let swept = match state.devices.sweep(now).await {
            Ok(swept) => swept,
            Err(error) => return state.metrics.redis_failed(&error),
        };
        let notices = swept.users.into_iter().map(|(user_id, seen)| Notice::Presence {
            user_id,
            status: seen.status,
            workspaces: seen.workspaces,
        });
        state.tell_all(&notices.collect::<Vec<_>>()).await;
        if !swept.was_full {
            return;
        }
    }
}
