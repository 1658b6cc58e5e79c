//! Seals with the first key of `secrets.keys` what was sealed with another.
//!
//! A run does a stretch of small transactions and comes back for the next one. What was committed is done, whatever becomes
//! of the process; nothing else says how far it is. All the while every configured key opens.
//!
//! `auth rotate-keys` queues it, and no start of the service does: while replicas are restarted one after the other with a
//! new key, those whose turn is still to come could not open what the first one would seal with it. The command is the
//! operator's word that all of them know the key.

use std::time::Duration;

use colink_core::clock::Clock;
use colink_core::id::JobId;
use colink_jobs::{Enqueue, Job, JobFailure, JobRun, JobsError};
use colink_secrets::SealError;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;

use crate::error::AuthError;
use crate::state::State;
use crate::store::sealed::{self, SealedColumn};

/// Rows of one transaction.
const BATCH: i64 = 100;
/// Transactions of one run, which leaves other jobs their turn then.
const STRETCH: usize = 50;
/// A run that meets so many secrets that do not open goes no further.
const UNOPENED_MAX: usize = 100;

/// Until a replica with the right keys has it, or the row that somebody holds is free.
const REST: Duration = Duration::from_secs(3);
/// A key that is no replica's first for so long will not be any more.
const PATIENCE: Duration = Duration::from_secs(86_400);

/// The change of the key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReencryptSecrets {
    /// The name of the key that is to seal everything.
    key: String,
}

/// Queues the work, unless it waits or runs already. The job stands in the queue of the running replicas, which find it within
/// a second of the commit.
///
/// # Errors
/// Failures of the database.
pub(crate) async fn queue(
    connection: &mut PgConnection,
    key: &str,
    clock: &dyn Clock,
) -> Result<JobId, JobsError> {
    let job = ReencryptSecrets { key: key.to_owned() };
    Ok(colink_jobs::enqueue(connection, &job, Enqueue::now().dedupe(key), clock).await?.id())
}

impl Job for ReencryptSecrets {
    const KIND: &'static str = "reencrypt_secrets";
    /// Also how long a run of a process that died keeps others from going on.
    const TIMEOUT: Duration = Duration::from_secs(30);
    type State = State;

    async fn run(self, state: &State, run: &JobRun) -> Result<(), JobFailure> {
        if state.sealer.current() != self.key {
            return Err(self.elsewhere(state, run));
        }
        let mut stretch = Stretch { state, batches: 0, renewed: 0, unopened: Vec::new() };
        let outcome = stretch.go(run.stopping()).await;
        tracing::info!(secrets = stretch.renewed, key = self.key, "secrets were sealed anew");
        let is_through = outcome?;
        if let Some(failure) = stretch.unopened().filter(|_| is_through || stretch.is_hopeless()) {
            return Err(failure);
        }
        if !is_through {
            return Err(JobFailure::snooze(Duration::ZERO));
        }
        match sealed::count_outdated(&state.pool, &self.key).await? {
            0 => Ok(()),
            _held => Err(JobFailure::snooze(REST)),
        }
    }

    fn slots(_state: &State) -> usize {
        1
    }
}

impl ReencryptSecrets {
    /// This replica has another first key: it is not restarted yet, or the key was changed once more.
    fn elsewhere(&self, state: &State, run: &JobRun) -> JobFailure {
        let (key, own) = (&self.key, state.sealer.current());
        let waited = (state.clock.now() - run.created_at).to_std().unwrap_or_default();
        if waited < PATIENCE {
            tracing::info!(key, own, "secrets are to be sealed with a key that is not the first one here");
            return JobFailure::snooze(REST);
        }
        JobFailure::permanent("other_key", format!("no replica has `{key}` as the first of secrets.keys"))
    }
}

/// What one run does.
struct Stretch<'a> {
    state: &'a State,
    batches: usize,
    renewed: u64,
    /// Where a secret does not open, and why.
    unopened: Vec<(String, SealError)>,
}

impl Stretch<'_> {
    /// Whether it came to the end of every column; what it met in use may be left there.
    async fn go(&mut self, stopping: &CancellationToken) -> Result<bool, AuthError> {
        for column in sealed::ALL {
            let mut passed_over = Vec::new();
            while self.batch(column, &mut passed_over).await? {
                self.batches += 1;
                if self.batches >= STRETCH || self.is_hopeless() || stopping.is_cancelled() {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Whether there was anything to do.
    async fn batch(
        &mut self,
        column: &SealedColumn,
        passed_over: &mut Vec<String>,
    ) -> Result<bool, AuthError> {
        let sealer = &self.state.sealer;
        let mut transaction = self.state.begin().await?;
        let rows =
            sealed::lock_outdated(&mut transaction, column, sealer.current(), passed_over, BATCH).await?;
        let (any, mut renewed) = (!rows.is_empty(), 0);
        for (row, envelope) in rows {
            let place = column.context(&row);
            match sealer.open(&place, &envelope) {
                Ok(plain) => {
                    sealed::update(&mut transaction, column, &row, &sealer.seal(&place, &plain)?).await?;
                    renewed += 1;
                }
                Err(why) => {
                    passed_over.push(row);
                    self.unopened.push((place, why));
                }
            }
        }
        transaction.commit().await?;
        self.renewed += renewed;
        Ok(any)
    }

    fn is_hopeless(&self) -> bool {
        self.unopened.len() >= UNOPENED_MAX
    }

    /// What is wrong with secrets that do not open: somebody has to look at them.
    fn unopened(&self) -> Option<JobFailure> {
        let (place, why) = self.unopened.first()?;
        let text = format!("{} secrets do not open, the first at {place}: {why}", self.unopened.len());
        Some(JobFailure::permanent("unopened", text))
    }
}
