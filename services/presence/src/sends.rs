//! How often a user may post over sockets: one budget for all of his, since these posts do not pass the
//! gateway's limits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use colink_core::id::UserId;
use moka::future::Cache;

use crate::domain::rate::Bucket;

/// Users remembered, and for how long after their last post: a bucket is full again by then.
const CAPACITY: u64 = 50_000;
const IDLE: Duration = Duration::from_secs(300);

/// The budgets of the users of this node.
#[derive(Debug, Clone)]
pub struct SendBudgets {
    buckets: Cache<UserId, Arc<Mutex<Bucket>>>,
    burst: u32,
    refill: Duration,
}

impl SendBudgets {
    /// So many posts at once, and so many a minute.
    pub fn new(burst: u32, per_minute: u32) -> Self {
        let buckets = Cache::builder().max_capacity(CAPACITY).time_to_idle(IDLE).build();
        Self { buckets, burst, refill: Duration::from_secs(60) / per_minute.max(1) }
    }

    /// Whether the user may post now.
    pub async fn allow(&self, user: UserId) -> bool {
        let full = async { Arc::new(Mutex::new(Bucket::new(self.burst, self.refill, Instant::now()))) };
        let bucket = self.buckets.get_with(user, full).await;
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.take(Instant::now())
    }
}
