//! Looking at jobs and intervening: status, second chances for dead ones, purge.

use std::time::Duration;

use chrono::{DateTime, Utc};
use colink_core::id::JobId;
use sqlx::{FromRow, PgExecutor, PgPool};
use uuid::Uuid;

use crate::error::JobsError;
use crate::store;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// For its time, for a runner, or for its next attempt.
    Waiting,
    /// A runner has it.
    Running,
    /// The work is done.
    Done,
    /// Given up; it stays as a dead letter for a while.
    Dead,
}

impl JobState {
    fn parse(text: &str) -> Option<Self> {
        let states = [
            ("waiting", Self::Waiting),
            ("running", Self::Running),
            ("done", Self::Done),
            ("dead", Self::Dead),
        ];
        states.into_iter().find(|(name, _)| *name == text).map(|(_, state)| state)
    }
}

/// What is known of one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStatus {
    /// The job.
    pub id: JobId,
    /// What it does.
    pub kind: String,
    /// Where it stands.
    pub state: JobState,
    /// Runs that were begun.
    pub attempts: u32,
    /// The class of the last failure; none when nothing failed or the work is done.
    pub error_class: Option<String>,
    /// While it waits, when it is its turn.
    pub due_at: DateTime<Utc>,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// When it was done or given up.
    pub finished_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct Row {
    kind: String,
    state: String,
    attempts: i32,
    error_class: Option<String>,
    due_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

/// How a job stands; `None` when it never was or was purged.
///
/// # Errors
/// [`JobsError::Database`].
pub async fn status(executor: impl PgExecutor<'_>, id: JobId) -> Result<Option<JobStatus>, JobsError> {
    let row: Option<Row> = sqlx::query_as(
        "select kind, state, attempts, error_class, due_at, created_at, finished_at from jobs where id = $1",
    )
    .bind(id.as_uuid())
    .fetch_optional(executor)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let Some(state) = JobState::parse(&row.state) else { return Ok(None) };
    Ok(Some(JobStatus {
        id,
        kind: row.kind,
        state,
        attempts: row.attempts.unsigned_abs(),
        error_class: row.error_class,
        due_at: row.due_at,
        created_at: row.created_at,
        finished_at: row.finished_at,
    }))
}

/// Gives a dead job a new set of attempts, from now on. `false` when it is not dead, or one with its key is queued.
///
/// # Errors
/// [`JobsError::Database`].
pub async fn requeue(
    executor: impl PgExecutor<'_>,
    id: JobId,
    now: DateTime<Utc>,
) -> Result<bool, JobsError> {
    let updated = sqlx::query(
        "update jobs
            set state = 'waiting', attempts = 0, due_at = $2, finished_at = null
          where id = $1 and state = 'dead'
            and not exists (select from jobs live
                             where live.kind = jobs.kind and live.dedupe_key = jobs.dedupe_key
                               and live.state in ('waiting', 'running'))",
    )
    .bind(id.as_uuid())
    .bind(now)
    .execute(executor)
    .await;
    match updated {
        Ok(updated) => Ok(updated.rows_affected() == 1),
        // One with its key was queued at this moment.
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("jobs_dedupe") => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The same for every dead job of a kind; says how many live again.
///
/// # Errors
/// [`JobsError::Database`].
pub async fn requeue_dead(pool: &PgPool, kind: &str, now: DateTime<Utc>) -> Result<u64, JobsError> {
    let dead: Vec<Uuid> =
        sqlx::query_scalar("select id from jobs where kind = $1 and state = 'dead' order by id")
            .bind(kind)
            .fetch_all(pool)
            .await?;
    let mut revived = 0;
    for id in dead {
        revived += u64::from(requeue(pool, JobId::from_uuid(id), now).await?);
    }
    Ok(revived)
}

/// How long jobs are kept after their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// What was done: long enough to be asked for.
    pub done: Duration,
    /// What was given up: long enough for somebody to look and to requeue.
    pub dead: Duration,
}

impl Default for Retention {
    /// A day, and two weeks.
    fn default() -> Self {
        Self { done: Duration::from_secs(86_400), dead: Duration::from_secs(14 * 86_400) }
    }
}

/// Deletes what has been kept long enough, and says how many. For the service's clean-up.
///
/// # Errors
/// [`JobsError::Database`].
pub async fn purge(pool: &PgPool, now: DateTime<Utc>, retention: Retention) -> Result<u64, JobsError> {
    let mut rows = 0;
    loop {
        let (deleted, more) =
            store::delete_finished(pool, now - retention.done, now - retention.dead).await?;
        rows += deleted;
        if !more {
            return Ok(rows);
        }
    }
}
