//! How long to wait before the next try.

use std::time::Duration;

/// Doubling delays between a first and a longest one, each cut by a random share of up to a half, so that jobs that failed
/// together do not come back together ("equal jitter").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// 5 s, 10 s, 20 s, … one hour, before the cut.
    pub const USUAL: Self = Self::new(Duration::from_secs(5), Duration::from_secs(3600));

    /// Delays from `first` to `longest`, before the cut.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// The wait after failure number `failures` (the first failure is 1). `cut` is between 0 and 1: how much of the half
    /// that may be cut is cut.
    #[must_use]
    pub fn after(&self, failures: u32, cut: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        let full = self.first.saturating_mul(1 << doublings).min(self.longest);
        full - full.mul_f64(cut.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest() {
        let seconds = |failures| Backoff::USUAL.after(failures, 0.0).as_secs();
        assert_eq!([seconds(1), seconds(2), seconds(3), seconds(11), seconds(1000)], [5, 10, 20, 3600, 3600]);
        assert_eq!(Backoff::USUAL.after(0, 0.0), Backoff::USUAL.after(1, 0.0));
        assert_eq!(seconds(u32::MAX), 3600);
    }

    #[test]
    fn at_most_half_is_cut() {
        for cut in [0.0, 0.3, 1.0, 7.0] {
            let wait = Backoff::USUAL.after(2, cut);
            assert!((5..=10).contains(&wait.as_secs()), "{cut}: {wait:?}");
        }
        assert_eq!(Backoff::USUAL.after(2, 1.0), Duration::from_secs(5));
    }
}
