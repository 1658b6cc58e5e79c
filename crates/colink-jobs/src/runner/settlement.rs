//! What a run's end means for its row. No I/O.

use std::error::Error;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::backoff::Backoff;
use crate::job::{Failure, JobFailure};
use crate::metrics::Outcome;
use crate::store::Settlement;

/// Longest text of an error that is kept, in characters.
const ERROR_CHARS: usize = 1000;

/// What is known of the run that has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub(super) attempts: i32,
    pub(super) max_attempts: i32,
    pub(super) backoff: Backoff,
    /// How often the job recurs, if it does.
    pub(super) every: Option<Duration>,
    /// When the run was begun: the period of a recurring job counts from one start to the next.
    pub(super) begun_at: DateTime<Utc>,
    pub(super) now: DateTime<Utc>,
    /// Between 0 and 1, random.
    pub(super) jitter: f64,
}

impl Ended {
    /// How the row is left, and what is counted.
    pub(super) fn settle(self, outcome: Result<(), JobFailure>) -> (Settlement, Outcome) {
        match outcome {
            Ok(()) => (self.ended("done", None), Outcome::Done),
            Err(JobFailure(Failure::Snooze(rest))) => {
                let (attempts, due_at) = (self.attempts - 1, self.now + rest);
                (self.waiting(attempts, due_at, None), Outcome::Snoozed)
            }
            Err(JobFailure(Failure::Retry { class, error })) if self.attempts < self.max_attempts => {
                let failures = self.attempts.unsigned_abs();
                let wait = self.backoff.after(failures, self.jitter);
                // A recurring job is not put off beyond its next turn.
                let wait = self.every.map_or(wait, |every| wait.min(every));
                let told = Some((class, describe(error.as_ref())));
                (self.waiting(self.attempts, self.now + wait, told), Outcome::Retried)
            }
            Err(JobFailure(Failure::Retry { class, error } | Failure::Permanent { class, error })) => {
                (self.ended("dead", Some((class, describe(error.as_ref())))), Outcome::Dead)
            }
        }
    }

    fn waiting(
        self,
        attempts: i32,
        due_at: DateTime<Utc>,
        error: Option<(&'static str, String)>,
    ) -> Settlement {
        let (error_class, error) = error.unzip();
        Settlement { state: "waiting", attempts, due_at, error_class, error, finished_at: None }
    }

    /// A job that recurs comes back with its next turn, also when it was given up: a clean-up that failed today is to be
    /// tried tomorrow.
    fn ended(self, state: &'static str, error: Option<(&'static str, String)>) -> Settlement {
        let finished_at = Some(self.now);
        if let Some(every) = self.every {
            return Settlement { finished_at, ..self.waiting(0, self.begun_at + every, error) };
        }
        let (error_class, error) = error.unzip();
        // A claim that found no attempt left did not run.
        let attempts = self.attempts.min(self.max_attempts);
        Settlement { state, attempts, due_at: self.now, error_class, error, finished_at }
    }
}

/// The error with its causes, outermost first, as text that a database takes.
fn describe(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        // Many errors repeat their cause already.
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text.chars().filter(|c| *c != '\0').take(ERROR_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use colink_core::clock::{Clock, ManualClock};

    use super::*;

    fn ended(attempts: i32, every: Option<Duration>) -> Ended {
        let now = ManualClock::default().now();
        let begun_at = now - Duration::from_secs(1);
        Ended { attempts, max_attempts: 3, backoff: Backoff::USUAL, every, begun_at, now, jitter: 0.0 }
    }

    /// later and later, then dead, with what was wrong.
    #[test]
    fn failures_wait_longer_and_the_last_one_is_the_end() {
        let fail = |attempts| ended(attempts, None).settle(Err(JobFailure::retry("away", "no route")));
        let now = ended(1, None).now;
        for (attempts, seconds) in [(1, 5), (2, 10)] {
            let (settlement, outcome) = fail(attempts);
            assert_eq!((settlement.state, outcome), ("waiting", Outcome::Retried));
            assert_eq!(settlement.due_at - now, chrono::TimeDelta::seconds(seconds));
            assert_eq!(settlement.error.as_deref(), Some("no route"));
        }
        let (settlement, outcome) = fail(3);
        assert_eq!((settlement.state, settlement.attempts, outcome), ("dead", 3, Outcome::Dead));
        assert_eq!((settlement.error_class, settlement.finished_at), (Some("away"), Some(now)));
        assert_eq!(fail(4).0.attempts, 3, "a claim that did not run is no attempt");
    }

    #[test]
    fn a_permanent_failure_is_the_end_at_once() {
        let (settlement, _) = ended(1, None).settle(Err(JobFailure::permanent("refused", "no")));
        assert_eq!((settlement.state, settlement.attempts), ("dead", 1));
    }

    #[test]
    fn a_rest_is_no_attempt() {
        let rest = Duration::from_secs(30);
        let (settlement, outcome) = ended(3, None).settle(Err(JobFailure::snooze(rest)));
        assert_eq!((settlement.state, settlement.attempts, outcome), ("waiting", 2, Outcome::Snoozed));
        assert_eq!(settlement.due_at, ended(3, None).now + rest);
    }

    #[test]
    fn a_recurring_job_comes_back_however_it_ended() {
        let hour = Duration::from_secs(3600);
        let run = ended(3, Some(hour));
        for outcome in [Ok(()), Err(JobFailure::permanent("bad", "x")), Err(JobFailure::retry("bad", "x"))] {
            let (settlement, _) = run.settle(outcome);
            assert_eq!((settlement.state, settlement.attempts), ("waiting", 0));
            assert_eq!(settlement.due_at, run.begun_at + hour);
        }
        let (settlement, _) =
            ended(2, Some(Duration::from_secs(1))).settle(Err(JobFailure::retry("bad", "x")));
        assert_eq!(settlement.due_at, run.now + Duration::from_secs(1), "not beyond its next turn");
    }

    #[test]
    fn an_error_is_kept_with_its_causes_and_cut() {
        #[derive(Debug, thiserror::Error)]
        #[error("could not send")]
        struct Outer(#[source] std::io::Error);
        let outer = Outer(std::io::Error::other("no\0 route"));
        assert_eq!(describe(&outer), "could not send: no route");
        assert_eq!(describe(&std::io::Error::other("x".repeat(5000))).len(), ERROR_CHARS);
    }
}
