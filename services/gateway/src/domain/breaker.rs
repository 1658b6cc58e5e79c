//! A circuit breaker for one upstream (M. Nygard, "Release It!").
//!
//! After `threshold` failures in a row the circuit is open: calls are refused at once instead of each
//! waiting for its deadline. After `cool_down`, or as soon as a probe says that the upstream may work again, one call is
//! let through as a trial; its success closes the circuit, its failure opens it for another `cool_down`. A probe alone closes
//! nothing: an upstream can say that it is ready and still hang on what callers want of it. Time is the caller's: the
//! breaker holds no clock.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What the next call may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// Call.
    Allowed,
    /// Call, and say what became of it: others wait for that.
    Trial,
    /// Answer 503 and ask to come back after this time.
    Refused(Duration),
}

#[derive(Debug, Default)]
struct Circuit {
    failures: u32,
    /// Set while open: when the next trial may run.
    retry_at: Option<Instant>,
    /// A trial is under way.
    trying: bool,
}

/// One upstream's circuit, shared by every worker.
#[derive(Debug)]
pub struct Breaker {
    threshold: u32,
    cool_down: Duration,
    circuit: Mutex<Circuit>,
}

impl Breaker {
    /// Opens after `threshold` failures in a row, for `cool_down`.
    pub fn new(threshold: u32, cool_down: Duration) -> Self {
        Self { threshold, cool_down, circuit: Mutex::default() }
    }

    /// Asks before a call. Of many callers at the end of a cool-down exactly one is let through.
    pub fn ask(&self, now: Instant) -> Permit {
        let mut circuit = self.circuit();
        match circuit.retry_at {
            None => Permit::Allowed,
            Some(retry_at) if now < retry_at => Permit::Refused(retry_at - now),
            Some(_) => {
                circuit.retry_at = Some(now + self.cool_down);
                circuit.trying = true;
                Permit::Trial
            }
        }
    }

    /// A probe says that the upstream may work: the next call is a trial, unless one is under way. True when that is sooner
    /// than it would have been.
    pub fn may_work(&self, now: Instant) -> bool {
        let mut circuit = self.circuit();
        let sooner = !circuit.trying && circuit.retry_at.is_some_and(|retry_at| retry_at > now);
        if sooner {
            circuit.retry_at = Some(now);
        }
        sooner
    }

    /// A trial ended. If nobody has said how, the next call is one.
    pub fn trial_ended(&self, now: Instant) {
        let mut circuit = self.circuit();
        if std::mem::take(&mut circuit.trying) {
            circuit.retry_at = Some(now);
        }
    }

    /// Whether calls are refused.
    pub fn is_open(&self) -> bool {
        self.circuit().retry_at.is_some()
    }

    /// The upstream answered, whatever it said.
    pub fn succeeded(&self) {
        *self.circuit() = Circuit::default();
    }

    /// The upstream could not be reached or did not answer in time. True when this opened the circuit.
    pub fn failed(&self, now: Instant) -> bool {
        let mut circuit = self.circuit();
        circuit.failures = circuit.failures.saturating_add(1);
        circuit.trying = false;
        let opens = circuit.failures >= self.threshold;
        let was_open = circuit.retry_at.is_some();
        if opens {
            circuit.retry_at = Some(now + self.cool_down);
        }
        opens && !was_open
    }

    /// The lock is held for a few instructions and nothing in them can panic.
    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Breaker, Permit};

    const COOL_DOWN: Duration = Duration::from_secs(60);

    /// G-8
    #[test]
    fn five_failures_in_a_row_open_the_circuit_and_one_trial_closes_it() {
        let breaker = Breaker::new(5, COOL_DOWN);
        let start = Instant::now();
        for _ in 0..4 {
            assert!(!breaker.failed(start));
            assert_eq!(breaker.ask(start), Permit::Allowed);
        }
        assert!(breaker.failed(start));
        assert_eq!(breaker.ask(start), Permit::Refused(COOL_DOWN));

        let later = start + COOL_DOWN;
        assert_eq!(breaker.ask(later), Permit::Trial, "one trial");
        assert_eq!(breaker.ask(later), Permit::Refused(COOL_DOWN), "and only one");
        breaker.succeeded();
        assert_eq!(breaker.ask(later), Permit::Allowed);
    }

    /// G-8
    #[test]
    fn a_failed_trial_opens_the_circuit_again() {
        let breaker = Breaker::new(1, COOL_DOWN);
        let start = Instant::now();
        assert!(breaker.failed(start));
        let later = start + COOL_DOWN;
        assert_eq!(breaker.ask(later), Permit::Trial);
        assert!(!breaker.failed(later), "it was open already");
        assert_eq!(breaker.ask(later), Permit::Refused(COOL_DOWN));
    }

    /// G-8: a probe brings the trial forward, one at a time, and closes nothing.
    #[test]
    fn a_probe_lets_one_trial_through_at_a_time() {
        let breaker = Breaker::new(1, COOL_DOWN);
        let now = Instant::now();
        assert!(!breaker.may_work(now), "a closed circuit needs no probe");
        breaker.failed(now);
        assert!(breaker.may_work(now));
        assert!(!breaker.may_work(now), "it was said before");
        assert_eq!(breaker.ask(now), Permit::Trial);
        assert!(!breaker.may_work(now), "one trial is under way");
        assert_eq!(breaker.ask(now), Permit::Refused(COOL_DOWN));

        breaker.failed(now);
        breaker.trial_ended(now);
        assert_eq!(
            breaker.ask(now),
            Permit::Refused(COOL_DOWN),
            "a failed trial does not make way for the next"
        );
        assert!(breaker.may_work(now));
        assert_eq!(breaker.ask(now), Permit::Trial);
        breaker.trial_ended(now);
        assert_eq!(breaker.ask(now), Permit::Trial, "a trial that its client gave up is nobody's answer");
        breaker.succeeded();
        breaker.trial_ended(now);
        assert_eq!(breaker.ask(now), Permit::Allowed);
    }

    #[test]
    fn a_success_forgets_earlier_failures() {
        let breaker = Breaker::new(2, COOL_DOWN);
        let now = Instant::now();
        breaker.failed(now);
        breaker.succeeded();
        assert!(!breaker.failed(now));
    }
}
