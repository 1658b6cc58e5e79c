//! A stalled reader does not always say so: this notices that events wait and nothing moves.

use std::time::{Duration, Instant};

/// How long nothing may move while the lag grows.
pub(crate) const STALL: Duration = Duration::from_secs(60);

/// Pure: it is told the time, the number of things done so far, and the lag.
#[derive(Debug)]
pub(crate) struct Watchdog {
    limit: Duration,
    moved_at: Instant,
    moves: u64,
    lag: i64,
}

impl Watchdog {
    pub(crate) fn new(limit: Duration, now: Instant) -> Self {
        Self { limit, moved_at: now, moves: 0, lag: 0 }
    }

    /// How long nothing has moved, if that is too long and the lag has grown meanwhile.
    pub(crate) fn observe(&mut self, now: Instant, moves: u64, lag: i64) -> Option<Duration> {
        if moves != self.moves || lag <= 0 {
            (self.moved_at, self.moves, self.lag) = (now, moves, lag.max(0));
            return None;
        }
        let idle = now.duration_since(self.moved_at);
        (idle > self.limit && lag > self.lag).then_some(idle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn growing_lag_without_movement_is_a_stall() {
        let start = Instant::now();
        let mut dog = Watchdog::new(STALL, start);
        assert_eq!(dog.observe(start + SECOND, 7, 3), None);
        assert_eq!(dog.observe(start + 30 * SECOND, 7, 9), None, "not long enough");
        assert_eq!(dog.observe(start + 62 * SECOND, 7, 9), Some(61 * SECOND));
    }

    #[test]
    fn movement_or_an_empty_queue_starts_the_time_again() {
        let start = Instant::now();
        let mut dog = Watchdog::new(STALL, start);
        dog.observe(start, 7, 3);
        assert_eq!(dog.observe(start + 61 * SECOND, 8, 9), None);
        assert_eq!(dog.observe(start + 120 * SECOND, 8, 0), None);
        assert_eq!(dog.observe(start + 180 * SECOND, 8, 1), None);
        assert_eq!(dog.observe(start + 181 * SECOND, 8, 1), Some(61 * SECOND));
    }

    #[test]
    fn a_lag_that_does_not_grow_is_not_a_stall() {
        let start = Instant::now();
        let mut dog = Watchdog::new(STALL, start);
        dog.observe(start, 7, 3);
        assert_eq!(dog.observe(start + 600 * SECOND, 7, 3), None);
    }
}
