//! The queries. The table is [`SCHEMA`](crate::SCHEMA).

use std::time::Duration;

use chrono::{DateTime, Utc};
use colink_core::id::JobId;
use serde_json::Value;
use sqlx::postgres::PgQueryResult;
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use crate::enqueue::NewJob;

/// Rows deleted by one statement of a purge, so that it holds no lock for long.
const PURGE_BATCH: i64 = 1000;

/// A job that this process has taken.
#[derive(Debug, FromRow)]
pub(crate) struct Claimed {
    id: Uuid,
    pub(crate) kind: String,
    pub(crate) payload: Value,
    pub(crate) recurring: bool,
    pub(crate) cause: Value,
    /// This run's number, from 1.
    pub(crate) attempts: i32,
    pub(crate) max_attempts: i32,
    pub(crate) lease: Uuid,
    pub(crate) created_at: DateTime<Utc>,
}

impl Claimed {
    pub(crate) fn id(&self) -> JobId {
        JobId::from_uuid(self.id)
    }

    pub(crate) fn hold(&self) -> Hold {
        Hold { id: self.id, lease: self.lease }
    }
}

/// What proves that a job is still this process's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) id: Uuid,
    pub(crate) lease: Uuid,
}

/// How many jobs of a kind are wanted, and for how long.
pub(crate) struct Ask {
    pub(crate) kind: &'static str,
    pub(crate) slots: usize,
    pub(crate) lease: Duration,
}

/// How a run leaves its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settlement {
    pub(crate) state: &'static str,
    pub(crate) attempts: i32,
    pub(crate) due_at: DateTime<Utc>,
    pub(crate) error_class: Option<&'static str>,
    pub(crate) error: Option<String>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
}

/// Adds jobs, but none whose key is taken, and says how many.
pub(crate) async fn insert(connection: &mut PgConnection, jobs: &[NewJob]) -> sqlx::Result<u64> {
    let column = |value: fn(&NewJob) -> Value| jobs.iter().map(value).collect::<Vec<_>>();
    let inserted = sqlx::query(
        "insert into jobs (id, kind, payload, dedupe_key, recurring, cause, state, max_attempts, due_at, created_at)
         select id, kind, payload, dedupe_key, recurring, cause, 'waiting', max_attempts, due_at, created_at
           from unnest($1::uuid[], $2::text[], $3::jsonb[], $4::text[], $5::boolean[], $6::jsonb[], $7::integer[],
                       $8::timestamptz[], $9::timestamptz[])
             as new (id, kind, payload, dedupe_key, recurring, cause, max_attempts, due_at, created_at)
             on conflict (kind, dedupe_key) where dedupe_key is not null and state in ('waiting', 'running')
             do nothing",
    )
    .bind(jobs.iter().map(|job| job.id.as_uuid()).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.kind).collect::<Vec<_>>())
    .bind(column(|job| job.payload.clone()))
    .bind(jobs.iter().map(|job| job.dedupe_key.as_deref()).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.recurring).collect::<Vec<_>>())
    .bind(column(|job| job.cause.clone()))
    .bind(jobs.iter().map(|job| job.max_attempts).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.due_at).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.created_at).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected())
}

/// Takes over what this build says of a recurring job, while it waits: its payload, its attempts, and that its next turn is
/// no later than `latest`.
pub(crate) async fn update_recurring(
    connection: &mut PgConnection,
    job: &NewJob,
    latest: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update jobs
            set due_at = least(due_at, $3), payload = $4, max_attempts = $5
          where kind = $1 and dedupe_key = $2 and state = 'waiting'
            and (due_at > $3 or payload <> $4 or max_attempts <> $5)",
    )
    .bind(job.kind)
    .bind(&job.dedupe_key)
    .bind(latest)
    .bind(&job.payload)
    .bind(job.max_attempts)
    .execute(connection)
    .await
    .map(drop)
}

/// The job of the kind with this key that waits or runs.
pub(crate) async fn find_live(
    connection: &mut PgConnection,
    kind: &str,
    dedupe_key: &str,
) -> sqlx::Result<Option<JobId>> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "select id from jobs where kind = $1 and dedupe_key = $2 and state in ('waiting', 'running')",
    )
    .bind(kind)
    .bind(dedupe_key)
    .fetch_optional(connection)
    .await?;
    Ok(id.map(JobId::from_uuid))
}

/// Takes jobs whose turn it is, the longest waiting first, at most `limit` and of each kind as many as were asked for. Those
/// whose holder let the lease run out are among them; `own` are not, for their holder is here and lives.
pub(crate) async fn update_claimed(
    executor: impl PgExecutor<'_>,
    asks: &[Ask],
    limit: usize,
    own: &[Uuid],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Claimed>> {
    sqlx::query_as(
        "with due as (
             select found.id, ask.lease_s
               from unnest($1::text[], $2::bigint[], $3::float8[]) as ask (kind, slots, lease_s)
              cross join lateral (
                    select id, due_at from jobs
                     where kind = ask.kind and state in ('waiting', 'running') and due_at <= $4
                       and id <> all ($5)
                     order by due_at
                     limit ask.slots
                       for update skip locked) found
              order by found.due_at
              limit $6)
         update jobs
            set state = 'running', attempts = attempts + 1, lease = gen_random_uuid(),
                due_at = $4 + make_interval(secs => due.lease_s)
           from due
          where jobs.id = due.id
         returning jobs.id, kind, payload, recurring, cause, attempts, max_attempts, lease, created_at",
    )
    .bind(asks.iter().map(|ask| ask.kind).collect::<Vec<_>>())
    .bind(asks.iter().map(|ask| i64::try_from(ask.slots).unwrap_or(i64::MAX)).collect::<Vec<_>>())
    .bind(asks.iter().map(|ask| ask.lease.as_secs_f64()).collect::<Vec<_>>())
    .bind(now)
    .bind(own)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(executor)
    .await
}

/// Notes how a run ended; `false` when the job is another's by now.
pub(crate) async fn update_settled(
    executor: impl PgExecutor<'_>,
    hold: Hold,
    settlement: &Settlement,
) -> sqlx::Result<bool> {
    let updated = sqlx::query(
        "update jobs
            set state = $3, attempts = $4, due_at = $5, error_class = $6, error = $7, finished_at = $8, lease = null
          where id = $1 and lease = $2 and state = 'running'",
    )
    .bind(hold.id)
    .bind(hold.lease)
    .bind(settlement.state)
    .bind(settlement.attempts)
    .bind(settlement.due_at)
    .bind(settlement.error_class)
    .bind(&settlement.error)
    .bind(settlement.finished_at)
    .execute(executor)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Deletes a job whose work is done; `false` when it is another's by now.
pub(crate) async fn delete_settled(executor: impl PgExecutor<'_>, hold: Hold) -> sqlx::Result<bool> {
    let deleted = sqlx::query("delete from jobs where id = $1 and lease = $2 and state = 'running'")
        .bind(hold.id)
        .bind(hold.lease)
        .execute(executor)
        .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Gives jobs back that were cut off, as if their run had not been.
pub(crate) async fn update_released(
    executor: impl PgExecutor<'_>,
    holds: &[Hold],
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let updated = sqlx::query(
        "update jobs
            set state = 'waiting', attempts = attempts - 1, due_at = $3, lease = null
           from unnest($1::uuid[], $2::uuid[]) as held (id, lease)
          where jobs.id = held.id and jobs.lease = held.lease and jobs.state = 'running'",
    )
    .bind(holds.iter().map(|hold| hold.id).collect::<Vec<_>>())
    .bind(holds.iter().map(|hold| hold.lease).collect::<Vec<_>>())
    .bind(now)
    .execute(executor)
    .await?;
    Ok(updated.rows_affected())
}

/// How many jobs of a kind are in a state, and since when the first of them is due.
#[derive(Debug, FromRow)]
pub(crate) struct Tally {
    pub(crate) kind: String,
    pub(crate) state: String,
    pub(crate) jobs: i64,
    pub(crate) oldest_due_at: DateTime<Utc>,
}

/// What is there, the finished ones left out: the two partial indexes answer this.
pub(crate) async fn list_tallies(executor: impl PgExecutor<'_>) -> sqlx::Result<Vec<Tally>> {
    sqlx::query_as(
        "select kind, state, count(*) as jobs, min(due_at) as oldest_due_at
           from jobs where state in ('waiting', 'running') group by kind, state
          union all
         select kind, state, count(*), min(due_at) from jobs where state = 'dead' group by kind, state",
    )
    .fetch_all(executor)
    .await
}

/// Deletes a batch of the jobs of a kind that ended before the given time: how many, and whether there may be more.
pub(crate) async fn delete_finished_of(
    executor: impl PgExecutor<'_>,
    kind: &str,
    before: DateTime<Utc>,
) -> sqlx::Result<(u64, bool)> {
    let deleted = sqlx::query(
        "delete from jobs
          where id in (select id from jobs
                        where kind = $1 and state in ('done', 'dead') and finished_at < $2
                        limit $3
                          for update skip locked)",
    )
    .bind(kind)
    .bind(before)
    .bind(PURGE_BATCH)
    .execute(executor)
    .await?;
    Ok(batch(&deleted))
}

/// Deletes a batch of what was done or given up before the given times: how many, and whether there may be more.
pub(crate) async fn delete_finished(
    executor: impl PgExecutor<'_>,
    done_before: DateTime<Utc>,
    dead_before: DateTime<Utc>,
) -> sqlx::Result<(u64, bool)> {
    let deleted = sqlx::query(
        "delete from jobs
          where id in (select id from jobs
                        where (state = 'done' and finished_at < $1) or (state = 'dead' and finished_at < $2)
                        limit $3
                          for update skip locked)",
    )
    .bind(done_before)
    .bind(dead_before)
    .bind(PURGE_BATCH)
    .execute(executor)
    .await?;
    Ok(batch(&deleted))
}

fn batch(deleted: &PgQueryResult) -> (u64, bool) {
    let rows = deleted.rows_affected();
    (rows, rows >= PURGE_BATCH.unsigned_abs())
}
