//! One run of one job, from the claim to the note of its end.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use colink_core::clock::SharedClock;
use colink_events::Cause;
use futures_util::FutureExt;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::kind::Kind;
use super::settlement::Ended;
use crate::bounded::bounded;
use crate::enqueue::StoredCause;
use crate::job::{JobFailure, JobRun};
use crate::metrics::{JobMetrics, Outcome};
use crate::store::{self, Claimed, Settlement};

/// The waits before the end of a run is noted again; a note that cannot be made means that the job runs again.
const NOTE_AGAIN: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];

/// What every run needs. Cheap to clone.
#[derive(Clone)]
pub(super) struct Means {
    pub(super) pool: PgPool,
    pub(super) clock: SharedClock,
    pub(super) metrics: JobMetrics,
    pub(super) stopping: CancellationToken,
}

/// Runs the job and notes how it ended.
pub(super) async fn perform<S>(means: Means, kind: Arc<Kind<S>>, mut job: Claimed, state: S)
where
    S: Clone + Send + Sync + 'static,
{
    let (begun, begun_at) = (Instant::now(), means.clock.now());
    let outcome = attempt(&means, &kind, &mut job, state).await;
    let ended = Ended {
        attempts: job.attempts,
        max_attempts: job.max_attempts,
        backoff: kind.backoff,
        every: kind.every.filter(|_| job.recurring),
        begun_at,
        now: means.clock.now(),
        jitter: rand::random(),
    };
    let (settlement, outcome) = ended.settle(outcome);
    let error = settlement.error_class.zip(settlement.error.as_deref());
    let end = if settlement.state == "done" && !kind.keeps_done { End::Gone } else { End::Row(&settlement) };
    match note(&means, &job, end).await {
        Ok(true) => means.metrics.ran(&job, outcome, begun.elapsed(), error),
        Ok(false) => means.metrics.ran(&job, Outcome::Lost, begun.elapsed(), error),
        Err(error) => tracing::error!(
            kind = job.kind,
            job_id = %job.id(),
            error = &error as &dyn std::error::Error,
            "the end of a job could not be noted; it runs again when its lease is over"
        ),
    }
}

async fn attempt<S>(means: &Means, kind: &Kind<S>, job: &mut Claimed, state: S) -> Result<(), JobFailure>
where
    S: Clone + Send + Sync + 'static,
{
    if job.attempts > job.max_attempts {
        let text = "the process died or hung during the last attempt, and nobody noted how it ended";
        return Err(JobFailure::permanent("lost", text));
    }
    let stored = serde_json::from_value(job.cause.take());
    let cause = stored.map(|stored: StoredCause| Cause::from(stored)).unwrap_or_default();
    let span = tracing::info_span!(
        "job",
        kind = job.kind,
        job_id = %job.id(),
        attempt = job.attempts,
        request_id = cause.request_id.as_ref().map(tracing::field::display),
    );
    colink_telemetry::trace::set_parent(&span, cause.traceparent.as_deref());
    let run = JobRun {
        id: job.id(),
        attempt: job.attempts.unsigned_abs(),
        max_attempts: job.max_attempts.unsigned_abs(),
        cause,
        created_at: job.created_at,
        stopping: means.stopping.clone(),
    };
    let work = AssertUnwindSafe(kind.run(job.payload.take(), state, run)).catch_unwind().instrument(span);
    match tokio::time::timeout(kind.timeout, work).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => Err(JobFailure::retry("panic", panic_text(panic.as_ref()))),
        Err(_elapsed) => Err(JobFailure::retry("timeout", format!("took longer than {:?}", kind.timeout))),
    }
}

/// What a run leaves behind.
#[derive(Clone, Copy)]
enum End<'a> {
    Row(&'a Settlement),
    Gone,
}

/// `false` when the job is another's by now.
async fn note(means: &Means, job: &Claimed, end: End<'_>) -> sqlx::Result<bool> {
    let mut waits = NOTE_AGAIN.into_iter();
    loop {
        let noted = match end {
            End::Row(settlement) => bounded(store::update_settled(&means.pool, job.hold(), settlement)).await,
            End::Gone => bounded(store::delete_settled(&means.pool, job.hold())).await,
        };
        let (Err(error), Some(wait)) = (&noted, waits.next()) else { return noted };
        tracing::debug!(%error, "the end of a job could not be noted yet");
        tokio::time::sleep(wait).await;
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a text".to_owned())
}
