//! Deletes idempotency keys whose time is over.

use std::sync::Arc;
use std::time::Duration;

use colink_core::clock::SharedClock;
use colink_http::idempotency::{IdempotencyStore, MongoIdempotency};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Runs until cancelled. A failure is logged and tried again at the next time.
pub(crate) async fn run(
    keys: Arc<MongoIdempotency>,
    clock: SharedClock,
    every: Duration,
    soft: CancellationToken,
) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = soft.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = keys.purge(clock.now()).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "idempotency keys were not purged; it is tried again"
            );
        }
    }
}
