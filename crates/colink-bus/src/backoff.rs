//! How long to wait before the next try.

use std::time::Duration;

/// Doubling delays between a first and a longest one. Pure: the caller counts its tries and sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// For a failing handler: 100 ms, 200 ms, … 5 s.
    pub const RETRY: Self = Self::new(Duration::from_millis(100), Duration::from_secs(5));
    /// For a broker or a store that is away: 50 ms, 100 ms, … 1 s.
    pub const OUTAGE: Self = Self::new(Duration::from_millis(50), Duration::from_secs(1));

    /// Delays from `first` to `longest`.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// The wait after failure number `failures` (the first failure is 1).
    #[must_use]
    pub fn after(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest() {
        let delays: Vec<u128> = (1..=8).map(|n| Backoff::RETRY.after(n).as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    }

    #[test]
    fn a_huge_count_does_not_overflow() {
        assert_eq!(Backoff::OUTAGE.after(u32::MAX), Duration::from_secs(1));
        assert_eq!(Backoff::OUTAGE.after(0), Duration::from_millis(50));
    }
}
