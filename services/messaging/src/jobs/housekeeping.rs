//! Drops the published log after its retention (M-10), and idempotency keys after a day.
//!
//! Several replicas may run it at once: deleting twice deletes once.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::state::State;
use crate::store::retention;

/// Channels that are looked at together.
const CHANNELS: i64 = 200;
/// Rows that one statement drops at most, however many are overdue: it takes a fraction of the time that a statement
/// has, and what it dropped stays dropped. At least [`CHANNELS`], so that each gets its share.
const ROWS: i64 = 5_000;

/// Runs until cancelled. A failure is logged and tried again at the next time.
pub(crate) async fn run(state: State, cancel: CancellationToken) {
    let every = Duration::from_secs(state.rules.housekeeping_interval_s);
    loop {
        once(&state, &cancel).await;
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Neither task waits for the other's success.
async fn once(state: &State, cancel: &CancellationToken) {
    let now = state.clock.now();
    let mut dropped = 0;
    let trimmed = trim(&state.pool, now - state.rules.log_retention(), cancel, &mut dropped).await;
    if dropped > 0 {
        state.metrics.trimmed(dropped);
    }
    if let Err(error) = trimmed {
        failed("the channel log could not be trimmed; it is tried again", &error);
    }
    if let Err(error) = state.keys.purge(now).await {
        failed("expired idempotency keys could not be deleted; it is tried again", &error);
    }
}

fn failed(what: &'static str, error: &(dyn std::error::Error + 'static)) {
    tracing::warn!(error, "{what}");
}

/// Drops all that is older than `before`; counts it in `dropped` also when it fails halfway.
async fn trim(
    pool: &PgPool,
    before: DateTime<Utc>,
    cancel: &CancellationToken,
    dropped: &mut u64,
) -> Result<(), sqlx::Error> {
    let mut after = Some(Uuid::nil());
    while let Some(first) = after {
        let page = retention::list_overdue(pool, first, before, CHANNELS).await?;
        let mut overdue = page.overdue;
        while !overdue.is_empty() {
            if cancel.is_cancelled() {
                return Ok(());
            }
            let rows_each = ROWS / i64::try_from(overdue.len()).unwrap_or(ROWS);
            let step = retention::delete_overdue(pool, &overdue, before, rows_each).await?;
            *dropped += step.rows;
            overdue = step.rest;
        }
        after = page.next;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
