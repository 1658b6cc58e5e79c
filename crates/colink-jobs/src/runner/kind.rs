//! A type of job, with its type forgotten: what a runner needs to claim and to run it.

use std::time::Duration;

use colink_core::clock::Clock;
use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::backoff::Backoff;
use crate::enqueue::{Enqueue, NewJob};
use crate::error::JobsError;
use crate::job::{Job, JobFailure, JobRun};
use crate::store::Ask;

/// How much longer than its timeout a job is held: for the note that it has ended.
const LEASE_MARGIN: Duration = Duration::from_secs(15);

/// The dedupe key of the one row of a recurring kind.
const RECURRING: &str = "recurring";

/// Makes the row of a recurring kind.
type Plant = fn(&dyn Clock) -> Result<NewJob, JobsError>;

pub(super) struct Kind<S> {
    pub(super) name: &'static str,
    pub(super) timeout: Duration,
    pub(super) backoff: Backoff,
    /// How often it recurs, if it does.
    pub(super) every: Option<Duration>,
    /// Whether the row stays when the work is done.
    pub(super) keeps_done: bool,
    slots: fn(&S) -> usize,
    run: fn(Value, S, JobRun) -> BoxFuture<'static, Result<(), JobFailure>>,
    recurring: Option<Plant>,
}

impl<S: Clone + Send + Sync + 'static> Kind<S> {
    pub(super) fn of<J: Job<State = S>>() -> Self {
        Self {
            name: J::KIND,
            timeout: J::TIMEOUT,
            backoff: J::BACKOFF,
            every: None,
            keeps_done: J::KEEPS_DONE,
            slots: J::slots,
            run: run::<J>,
            recurring: None,
        }
    }

    pub(super) fn recurring<J: Job<State = S> + Default>(every: Duration) -> Self {
        Self { every: Some(every), recurring: Some(row::<J>), ..Self::of::<J>() }
    }

    /// What is to be claimed of it when `running` run already and at most `free` more may.
    pub(super) fn ask(&self, state: &S, running: usize, free: usize) -> Option<Ask> {
        let slots = (self.slots)(state).saturating_sub(running).min(free);
        (slots > 0).then(|| Ask { kind: self.name, slots, lease: self.timeout + LEASE_MARGIN })
    }

    pub(super) fn run(
        &self,
        payload: Value,
        state: S,
        run: JobRun,
    ) -> BoxFuture<'static, Result<(), JobFailure>> {
        (self.run)(payload, state, run)
    }

    /// The row that a recurring kind has, and how often it recurs.
    pub(super) fn row(&self, clock: &dyn Clock) -> Option<(Result<NewJob, JobsError>, Duration)> {
        Some((self.recurring?(clock), self.every?))
    }
}

fn run<J: Job>(payload: Value, state: J::State, run: JobRun) -> BoxFuture<'static, Result<(), JobFailure>> {
    Box::pin(async move {
        // Another build may have queued it, and one of that build can run it: so it is tried again.
        let job: J = serde_json::from_value(payload).map_err(|error| JobFailure::retry("payload", error))?;
        job.run(&state, &run).await
    })
}

fn row<J: Job + Default>(clock: &dyn Clock) -> Result<NewJob, JobsError> {
    let job = NewJob::of(&J::default(), Enqueue::now().dedupe(RECURRING), clock)?;
    Ok(NewJob { recurring: true, ..job })
}
