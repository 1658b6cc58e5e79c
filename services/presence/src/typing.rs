//! Typing notices are throttled at their source: one for each socket and channel in a while.

use std::time::Duration;

use colink_core::id::ChannelId;
use moka::future::Cache;
use uuid::Uuid;

/// A client says that its user types every few seconds at most; more often is dropped.
const INTERVAL: Duration = Duration::from_secs(2);
/// Sockets and channels remembered.
const CAPACITY: u64 = 50_000;

/// Which sockets have just said that their user types.
#[derive(Debug, Clone)]
pub struct TypingThrottle(Cache<(Uuid, ChannelId), ()>);

impl Default for TypingThrottle {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(CAPACITY).time_to_live(INTERVAL).build())
    }
}

impl TypingThrottle {
    /// Whether this notice goes out.
    pub async fn allows(&self, socket: Uuid, channel: ChannelId) -> bool {
        self.0.entry((socket, channel)).or_insert(()).await.is_fresh()
    }
}
