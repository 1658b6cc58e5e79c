//! Drops the published log after its retention (M-10), and idempotency keys after a day.
//!
//! Several replicas may run it at once: deleting twice deletes once.

use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::error::Result;
use crate::state::State;
use crate::store::retention;

/// Channels a statement looks at, so that none runs for long.
const CHANNELS: i64 = 200;

/// Runs until cancelled. A failure is logged and tried again at the next time.
pub(crate) async fn run(state: State, cancel: CancellationToken) {
    let every = Duration::from_secs(state.rules.housekeeping_interval_s);
    loop {
        if let Err(error) = once(&state).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "housekeeping failed; it is tried again"
            );
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

async fn once(state: &State) -> Result<()> {
    let now = state.clock.now();
    let dropped = trim(&state.pool, now - state.rules.log_retention()).await?;
    if dropped > 0 {
        state.metrics.trimmed(dropped);
    }
    state.keys.purge(now).await?;
    Ok(())
}

async fn trim(pool: &PgPool, before: chrono::DateTime<chrono::Utc>) -> Result<u64> {
    let mut dropped = 0;
    let mut after = Uuid::nil();
    loop {
        let step = retention::delete_old(pool, after, before, CHANNELS).await?;
        dropped += u64::try_from(step.dropped).unwrap_or(0);
        match step.next {
            Some(next) => after = next,
            None => return Ok(dropped),
        }
    }
}
