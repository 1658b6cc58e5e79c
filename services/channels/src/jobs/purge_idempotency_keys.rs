//! Deletes idempotency keys whose time is over. Several replicas may do it at once: a key is deleted by one of them.

use std::sync::Arc;
use std::time::Duration;

use colink_core::clock::SharedClock;
use colink_http::idempotency::IdempotencyStore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::metrics::ChannelsMetrics;

const EVERY: Duration = Duration::from_secs(15 * 60);

/// Purges until the process stops.
pub(crate) async fn run(
    keys: Arc<dyn IdempotencyStore>,
    clock: SharedClock,
    metrics: ChannelsMetrics,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        match keys.purge(clock.now()).await {
            Ok(count) => metrics.keys_purged(count),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "idempotency keys were not purged; trying again later");
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(EVERY) => {}
        }
    }
}
