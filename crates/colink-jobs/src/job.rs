//! What a job is, what it is told when it runs, and how it may fail.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};
use colink_core::id::JobId;
use colink_events::Cause;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;

/// Work that is described by the value itself and survives the process that queued it.
///
/// A job runs at least once: a process may die between the effect and the note that it is done. So an effect is
/// repeatable, or guarded in the transaction that makes it. The fields stand in the database in clear: ids, never tokens or
/// passwords, and a mail address only where [`Job::KEEPS_DONE`] is false and the dead are deleted soon.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name in the table, in metrics and in logs; `snake_case`, and never changed while jobs of it wait.
    const KIND: &'static str;
    /// Runs after which it is given up.
    const MAX_ATTEMPTS: u16 = 10;
    /// The longest run. The lease is a little longer, so that no other replica takes a job that still runs.
    const TIMEOUT: Duration = Duration::from_secs(60);
    /// The waits between runs.
    const BACKOFF: Backoff = Backoff::USUAL;
    /// Whether the row stays for a while when the work is done, so that it can be seen. `false` deletes it at once: for what
    /// nobody is to read later, and for kinds of which anybody may cause many.
    const KEEPS_DONE: bool = true;

    /// What it needs to run: the state of the service.
    type State: Clone + Send + Sync + 'static;

    /// Does the work.
    ///
    /// # Errors
    /// [`JobFailure`] says whether and when it is tried again. Any other error means: again, after the backoff.
    fn run(self, state: &Self::State, run: &JobRun) -> impl Future<Output = Result<(), JobFailure>> + Send;

    /// How many of the kind may run at the same time in this process, asked before each claim. 0 lets the kind rest, for
    /// example while the server it talks to is known to be down.
    fn slots(_state: &Self::State) -> usize {
        usize::MAX
    }
}

/// One run of a job.
#[derive(Debug, Clone)]
pub struct JobRun {
    /// The job; the same for every run of it.
    pub id: JobId,
    /// This run's number, from 1.
    pub attempt: u32,
    /// The number of the last run.
    pub max_attempts: u32,
    /// Who caused the job and within which request. Events that the job emits carry it.
    pub cause: Cause,
    /// When it was queued, or requeued after its death.
    pub created_at: DateTime<Utc>,
    pub(crate) stopping: CancellationToken,
}

impl JobRun {
    /// Whether a failure of this run is the last word.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.attempt >= self.max_attempts
    }

    /// Cancelled when the process is to stop. A long job that ends now with [`JobFailure::snooze`] is taken up by another
    /// replica at once; one that does not listen is cut off soon after.
    #[must_use]
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }
}

/// Why a run did not do its work.
pub struct JobFailure(pub(crate) Failure);

pub(crate) enum Failure {
    /// Again after the backoff, unless this was the last attempt.
    Retry { class: &'static str, error: BoxError },
    /// Never again.
    Permanent { class: &'static str, error: BoxError },
    /// Again after this time, as if this run had not been.
    Snooze(Duration),
}

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// The class of an error that a job passed on without a word.
const UNCLASSED: &str = "failed";

impl JobFailure {
    /// It may work later. `class` is a fixed word for programs (`unreachable`); neither text may hold a secret.
    pub fn retry(class: &'static str, error: impl Into<BoxError>) -> Self {
        Self(Failure::Retry { class, error: error.into() })
    }

    /// It will never work: the job goes to the dead letters.
    pub fn permanent(class: &'static str, error: impl Into<BoxError>) -> Self {
        Self(Failure::Permanent { class, error: error.into() })
    }

    /// Nothing was tried; come back after `rest`. Counts as no attempt.
    #[must_use]
    pub fn snooze(rest: Duration) -> Self {
        Self(Failure::Snooze(rest))
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for JobFailure {
    fn from(error: E) -> Self {
        Self::retry(UNCLASSED, error)
    }
}

impl fmt::Debug for JobFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Failure::Retry { class, error } => write!(f, "Retry({class}: {error})"),
            Failure::Permanent { class, error } => write!(f, "Permanent({class}: {error})"),
            Failure::Snooze(rest) => write!(f, "Snooze({rest:?})"),
        }
    }
}
