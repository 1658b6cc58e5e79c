//! A circuit breaker before the mail server (M. Nygard, "Release It!").
//!
//! After `threshold` failures in a row the circuit is open and the queue rests, so that a dead server is not hammered and no
//! mail uses up its attempts on it. At the end of the rest it is half-open: one mail is sent as a probe. Its success closes
//! the circuit, its failure opens it for twice as long, up to [`LONGEST_REST`]. Time is the caller's: no clock in here.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

/// The longest rest between two probes.
const LONGEST_REST: Duration = Duration::from_secs(300);
/// A probe of which nothing was heard for this long is lost: its job was cut off.
const PROBE_LASTS: Duration = Duration::from_secs(60);

/// Shared by all who send.
#[derive(Debug)]
pub(crate) struct Circuit {
    threshold: u32,
    first_rest: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Mails are sent; so many failed in a row.
    Closed { failures: u32 },
    /// Nothing is sent until then; afterwards one may probe.
    Open { rest: Duration, until: DateTime<Utc> },
    /// A probe is under way.
    Probing { rest: Duration, until: DateTime<Utc> },
}

/// What may be sent at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// Mails are sent.
    Closed,
    /// One mail may be sent to see whether the server is back, or is under way.
    HalfOpen {
        /// Whether one may be sent now.
        free: bool,
    },
    /// Nothing is sent.
    Open,
}

impl Circuit {
    /// Opens after `threshold` failures in a row, first for `first_rest`.
    pub(crate) fn new(threshold: u32, first_rest: Duration) -> Self {
        let state = Mutex::new(State::Closed { failures: 0 });
        Self { threshold: threshold.max(1), first_rest, state }
    }

    /// Asks before a mail is sent; an error is how long to wait. Of many who ask at the end of a rest one may send.
    pub(crate) fn ask(&self, now: DateTime<Utc>) -> Result<(), Duration> {
        let mut state = self.state();
        let (State::Open { rest, until } | State::Probing { rest, until }) = *state else { return Ok(()) };
        if now < until {
            return Err((until - now).to_std().unwrap_or(rest));
        }
        *state = State::Probing { rest, until: now + PROBE_LASTS };
        Ok(())
    }

    /// How long nothing may be sent, if so. Unlike [`Circuit::ask`] this claims nothing.
    pub(crate) fn rest(&self, now: DateTime<Utc>) -> Option<Duration> {
        let (State::Open { until, .. } | State::Probing { until, .. }) = *self.state() else { return None };
        (until - now).to_std().ok().filter(|left| !left.is_zero())
    }

    /// What may be sent at this moment.
    pub(crate) fn position(&self, now: DateTime<Utc>) -> Position {
        match *self.state() {
            State::Closed { .. } => Position::Closed,
            State::Open { until, .. } if now < until => Position::Open,
            State::Open { .. } => Position::HalfOpen { free: true },
            State::Probing { until, .. } => Position::HalfOpen { free: until <= now },
        }
    }

    /// The server answered, whatever it said of the mail. True when this closed the circuit.
    pub(crate) fn answered(&self) -> bool {
        let mut state = self.state();
        let closes = !matches!(*state, State::Closed { .. });
        *state = State::Closed { failures: 0 };
        closes
    }

    /// The server could not be reached or does not serve. The rest that begins with this, if one does.
    pub(crate) fn failed(&self, now: DateTime<Utc>) -> Option<Duration> {
        let mut state = self.state();
        let rest = match *state {
            State::Closed { failures } if failures + 1 < self.threshold => {
                *state = State::Closed { failures: failures + 1 };
                return None;
            }
            State::Closed { .. } => self.first_rest,
            // It was under way when the circuit opened.
            State::Open { .. } => return None,
            State::Probing { rest, .. } => (rest * 2).min(LONGEST_REST),
        };
        *state = State::Open { rest, until: now + rest };
        Some(rest)
    }

    /// The lock is held for a few instructions and nothing in them can panic.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use colink_core::clock::{Clock, ManualClock};

    use super::*;

    const REST: Duration = Duration::from_secs(10);

    fn open(clock: &ManualClock) -> Circuit {
        let circuit = Circuit::new(3, REST);
        assert_eq!([circuit.failed(clock.now()), circuit.failed(clock.now())], [None, None]);
        assert_eq!((circuit.position(clock.now()), circuit.ask(clock.now())), (Position::Closed, Ok(())));
        assert_eq!(circuit.failed(clock.now()), Some(REST));
        circuit
    }

    /// opens after failures in a row, and one probe closes it.
    #[test]
    fn a_probe_that_succeeds_closes_the_circuit() {
        let clock = ManualClock::default();
        let circuit = open(&clock);
        assert_eq!((circuit.position(clock.now()), circuit.ask(clock.now())), (Position::Open, Err(REST)));
        assert_eq!(circuit.failed(clock.now()), None, "it was under way");
        assert_eq!(circuit.rest(clock.now()), Some(REST));
        clock.advance(REST);
        assert_eq!(circuit.rest(clock.now()), None);
        assert_eq!(circuit.position(clock.now()), Position::HalfOpen { free: true });
        assert_eq!(circuit.ask(clock.now()), Ok(()));
        assert_eq!(circuit.position(clock.now()), Position::HalfOpen { free: false });
        assert!(circuit.ask(clock.now()).is_err(), "one probe at a time");
        assert_eq!(circuit.rest(clock.now()), Some(PROBE_LASTS));
        assert!(circuit.answered() && !circuit.answered());
        assert_eq!(circuit.position(clock.now()), Position::Closed);
        assert_eq!(circuit.failed(clock.now()), None, "earlier failures are forgotten");
    }

    /// each probe that fails doubles the rest, up to five minutes.
    #[test]
    fn a_probe_that_fails_makes_the_rest_longer() {
        let clock = ManualClock::default();
        let circuit = open(&clock);
        let mut rest = REST;
        for expected in [20, 40, 80, 160, 300, 300] {
            clock.advance(rest);
            assert_eq!(circuit.ask(clock.now()), Ok(()));
            rest = circuit.failed(clock.now()).unwrap();
            assert_eq!(rest.as_secs(), expected);
        }
    }

    #[test]
    fn a_lost_probe_is_followed_by_another() {
        let clock = ManualClock::default();
        let circuit = open(&clock);
        clock.advance(REST);
        assert_eq!(circuit.ask(clock.now()), Ok(()));
        clock.advance(PROBE_LASTS);
        assert_eq!(circuit.position(clock.now()), Position::HalfOpen { free: true });
        assert_eq!(circuit.ask(clock.now()), Ok(()));
    }
}
