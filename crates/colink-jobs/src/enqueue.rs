//! Queueing: a job is a row in the transaction of what makes it necessary.

use std::time::Duration;

use chrono::{DateTime, Utc};
use colink_core::clock::Clock;
use colink_core::id::JobId;
use colink_events::{Actor, Cause};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;

use crate::error::JobsError;
use crate::job::Job;
use crate::store;

/// How often a job is queued anew when the one with its key ends between two looks.
const ROUNDS: usize = 5;

/// When and under which key a job is queued, and who caused it.
#[derive(Debug, Clone, Default)]
pub struct Enqueue {
    due: Due,
    dedupe_key: Option<String>,
    cause: Cause,
    max_attempts: Option<u16>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Due {
    #[default]
    Now,
    After(Duration),
    At(DateTime<Utc>),
}

impl Enqueue {
    /// Due at once.
    #[must_use]
    pub fn now() -> Self {
        Self::default()
    }

    /// Due after `delay`.
    #[must_use]
    pub fn after(delay: Duration) -> Self {
        Self { due: Due::After(delay), ..Self::default() }
    }

    /// Due at `moment`.
    #[must_use]
    pub fn at(moment: DateTime<Utc>) -> Self {
        Self { due: Due::At(moment), ..Self::default() }
    }

    /// While a job of the kind with this key waits or runs, it is not queued again. The job must read what it works on when
    /// it runs: a change that is made while one runs already is seen by no second one.
    #[must_use]
    pub fn dedupe(mut self, key: impl Into<String>) -> Self {
        self.dedupe_key = Some(key.into());
        self
    }

    /// Who causes it. Without it, the system itself does.
    #[must_use]
    pub fn context(mut self, cause: Cause) -> Self {
        self.cause = cause;
        self
    }

    /// Other than [`Job::MAX_ATTEMPTS`]; at least 1.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u16) -> Self {
        self.max_attempts = Some(attempts.max(1));
        self
    }
}

/// What became of a call of [`enqueue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// It is queued.
    New(JobId),
    /// One with the same key waits or runs.
    Known(JobId),
}

impl Enqueued {
    /// The job that will do the work.
    #[must_use]
    pub fn id(self) -> JobId {
        match self {
            Self::New(id) | Self::Known(id) => id,
        }
    }
}

/// Queues a job in the caller's transaction. Wake the runner after the commit ([`WakeHandle`](crate::WakeHandle)).
///
/// # Errors
/// [`JobsError`]; then the transaction is of no use any more.
pub async fn enqueue<J: Job>(
    connection: &mut PgConnection,
    job: &J,
    options: Enqueue,
    clock: &dyn Clock,
) -> Result<Enqueued, JobsError> {
    let new = NewJob::of(job, options, clock)?;
    for _ in 0..ROUNDS {
        if store::insert(connection, std::slice::from_ref(&new)).await? == 1 {
            return Ok(Enqueued::New(new.id));
        }
        let key = new.dedupe_key.as_deref().unwrap_or_default();
        if let Some(id) = store::find_live(connection, J::KIND, key).await? {
            return Ok(Enqueued::Known(id));
        }
    }
    Err(JobsError::Contended(J::KIND))
}

/// Queues many jobs with one statement, and says how many were not known yet.
///
/// # Errors
/// As [`enqueue`].
pub async fn enqueue_all<J: Job>(
    connection: &mut PgConnection,
    jobs: impl IntoIterator<Item = (J, Enqueue)>,
    clock: &dyn Clock,
) -> Result<u64, JobsError> {
    let jobs = jobs.into_iter().map(|(job, options)| NewJob::of(&job, options, clock));
    let mut jobs = jobs.collect::<Result<Vec<_>, _>>()?;
    // Two batches with the same keys meet them in the same order, so neither waits for the other for ever.
    jobs.sort_by(|one, other| one.dedupe_key.cmp(&other.dedupe_key));
    Ok(store::insert(connection, &jobs).await?)
}

/// A row to be.
pub(crate) struct NewJob {
    pub(crate) id: JobId,
    pub(crate) kind: &'static str,
    pub(crate) payload: Value,
    pub(crate) dedupe_key: Option<String>,
    pub(crate) recurring: bool,
    pub(crate) cause: Value,
    pub(crate) max_attempts: i32,
    pub(crate) due_at: DateTime<Utc>,
    pub(crate) created_at: DateTime<Utc>,
}

impl NewJob {
    pub(crate) fn of<J: Job>(job: &J, options: Enqueue, clock: &dyn Clock) -> Result<Self, JobsError> {
        let now = clock.now();
        Ok(Self {
            id: JobId::generate(clock),
            kind: J::KIND,
            payload: serde_json::to_value(job)?,
            dedupe_key: options.dedupe_key,
            recurring: false,
            cause: serde_json::to_value(StoredCause::from(options.cause))?,
            max_attempts: options.max_attempts.unwrap_or(J::MAX_ATTEMPTS).max(1).into(),
            due_at: match options.due {
                Due::Now => now,
                Due::After(delay) => now + delay,
                Due::At(moment) => moment,
            },
            created_at: now,
        })
    }
}

/// A [`Cause`] as it is stored.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredCause {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor: Option<Actor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
}

impl From<Cause> for StoredCause {
    fn from(cause: Cause) -> Self {
        let Cause { actor, request_id, traceparent } = cause;
        Self { actor, request_id: request_id.map(String::from), traceparent }
    }
}

impl From<StoredCause> for Cause {
    fn from(stored: StoredCause) -> Self {
        let StoredCause { actor, request_id, traceparent } = stored;
        Self { actor, request_id: request_id.and_then(|id| id.parse().ok()), traceparent }
    }
}
