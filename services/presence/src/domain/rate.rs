//! A token bucket for what one socket may send (RFC 2697 describes the like for packets).

use std::time::{Duration, Instant};

/// Holds up to `burst` tokens and gains one every `refill`.
#[derive(Debug)]
pub struct Bucket {
    burst: u32,
    refill: Duration,
    tokens: u32,
    counted_at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub fn new(burst: u32, refill: Duration, now: Instant) -> Self {
        Self { burst, refill, tokens: burst, counted_at: now }
    }

    /// Takes a token; false when there is none.
    pub fn take(&mut self, now: Instant) -> bool {
        self.gain(now);
        let had = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        had
    }

    fn gain(&mut self, now: Instant) {
        let nanos = self.refill.as_nanos().max(1);
        let gained = now.saturating_duration_since(self.counted_at).as_nanos() / nanos;
        let gained = u32::try_from(gained).unwrap_or(u32::MAX);
        if gained > 0 {
            self.tokens = self.tokens.saturating_add(gained).min(self.burst);
            self.counted_at =
                if self.tokens == self.burst { now } else { self.counted_at + self.refill * gained };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Bucket;

    ///
    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let start = Instant::now();
        let mut bucket = Bucket::new(3, Duration::from_millis(100), start);
        assert!((0..3).all(|_| bucket.take(start)));
        assert!(!bucket.take(start));
        assert!(!bucket.take(start + Duration::from_millis(99)));
        assert!(bucket.take(start + Duration::from_millis(100)));
        assert!(!bucket.take(start + Duration::from_millis(150)));
        let rested = start + Duration::from_secs(60);
        assert!((0..3).all(|_| bucket.take(rested)), "no more than the burst is saved up");
        assert!(!bucket.take(rested));
    }
}
