//! Waiting without sleeping: for a condition, with a deadline.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long a test waits for something that should happen at once. Long, because a loaded machine is slow; a
/// passing test never uses it up.
pub const SOON: Duration = Duration::from_secs(45);

const STEP: Duration = Duration::from_millis(10);

/// Asks `probe` again and again until it answers `Some`, and returns that.
///
/// # Panics
/// When `deadline` passes first; the message says what was awaited.
pub async fn eventually<T>(what: &str, deadline: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + deadline;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within {deadline:?}");
        sleep(STEP).await;
    }
}
