//! Looking at jobs and intervening: status, second chances for dead ones, purge.

use std::time::Duration;

use chrono::{DateTime, Utc};
use colink_core::id::JobId;
use colink_core::time::Timestamp;
use serde::Serialize;
use sqlx::{FromRow, PgExecutor, PgPool, Postgres, QueryBuilder};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::JobsError;
use crate::store;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
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
    const NAMES: [(&'static str, Self); 4] =
        [("waiting", Self::Waiting), ("running", Self::Running), ("done", Self::Done), ("dead", Self::Dead)];

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(name, _)| *name == text).map(|(_, state)| state)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(_, state)| *state == self).map_or("", |(name, _)| name)
    }
}

/// What is known of one job. What it was told to do is not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobStatus {
    /// The job.
    pub id: JobId,
    /// What it does.
    #[schema(example = "send_mail")]
    pub kind: String,
    /// Where it stands.
    pub state: JobState,
    /// Whether it comes back after each run.
    pub recurring: bool,
    /// Runs that were begun.
    #[schema(example = 3)]
    pub attempts: u32,
    /// The number of the last run.
    #[schema(example = 10)]
    pub max_attempts: u32,
    /// The class of the last failure; none when nothing failed or the work is done.
    #[schema(example = "unreachable")]
    pub error_class: Option<String>,
    /// The same in a sentence.
    #[schema(example = "the mail server does not serve: no connection")]
    pub error: Option<String>,
    /// The request that caused it, as in the log.
    #[schema(example = "req-5f3a")]
    pub request_id: Option<String>,
    /// While it waits, when it is its turn.
    pub due_at: Timestamp,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it was done or given up; of a recurring one, when its last run ended.
    pub finished_at: Option<Timestamp>,
}

/// The columns of a [`Row`].
pub(crate) const SELECT: &str =
    "select id, kind, state, recurring, attempts, max_attempts, error_class, error,
        cause ->> 'request_id' as request_id, due_at, created_at, finished_at
   from jobs where ";

#[derive(FromRow)]
pub(crate) struct Row {
    id: Uuid,
    kind: String,
    state: String,
    recurring: bool,
    attempts: i32,
    max_attempts: i32,
    error_class: Option<String>,
    error: Option<String>,
    request_id: Option<String>,
    due_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl Row {
    /// `None` when a later build made up another state.
    pub(crate) fn status(self) -> Option<JobStatus> {
        Some(JobStatus {
            id: JobId::from_uuid(self.id),
            state: JobState::parse(&self.state)?,
            kind: self.kind,
            recurring: self.recurring,
            attempts: self.attempts.unsigned_abs(),
            max_attempts: self.max_attempts.unsigned_abs(),
            error_class: self.error_class,
            error: self.error,
            request_id: self.request_id,
            due_at: self.due_at.into(),
            created_at: self.created_at.into(),
            finished_at: self.finished_at.map(Timestamp::from),
        })
    }
}

/// How a job stands; `None` when it never was or was purged.
///
/// # Errors
/// [`JobsError::Database`].
pub async fn status(executor: impl PgExecutor<'_>, id: JobId) -> Result<Option<JobStatus>, JobsError> {
    let mut query = QueryBuilder::<Postgres>::new(SELECT);
    query.push("id = ").push_bind(id.as_uuid());
    let row: Option<Row> = query.build_query_as().fetch_optional(executor).await?;
    Ok(row.and_then(Row::status))
}

/// Gives a dead job a new set of attempts, as if it were queued now. `false` when it is not dead, or one with its key is queued.
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
            set state = 'waiting', attempts = 0, due_at = $2, created_at = $2, finished_at = null
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

/// Deletes jobs of one kind that ended before `before`, and says how many: for kinds whose payload is not to stay as long as
/// [`purge`] keeps it.
///
/// # Errors
/// [`JobsError::Database`].
pub async fn purge_kind(pool: &PgPool, kind: &str, before: DateTime<Utc>) -> Result<u64, JobsError> {
    let mut rows = 0;
    loop {
        let (deleted, more) = store::delete_finished_of(pool, kind, before).await?;
        rows += deleted;
        if !more {
            return Ok(rows);
        }
    }
}
