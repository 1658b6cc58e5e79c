//! What is counted, with the log lines that belong to it. Labels are closed sets: kinds of this build, states, outcomes.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use colink_telemetry::metrics::{HistogramVec, IntCounterVec, IntGaugeVec, Metrics, MetricsError};

use crate::store::{Claimed, Tally};

/// Upper bounds for work that takes from a millisecond to minutes.
const RUN_SECONDS: &[f64] = &[0.005, 0.02, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0];

/// The states that are gauged; those that ended well are counted.
const GAUGED: [&str; 3] = ["waiting", "running", "dead"];

#[derive(Clone)]
pub(crate) struct JobMetrics {
    /// `kind`, `state` = waiting | running | dead.
    jobs: IntGaugeVec,
    /// `kind`.
    oldest_due_seconds: IntGaugeVec,
    /// `kind`, `outcome` = done | retried | snoozed | dead | lost.
    runs: IntCounterVec,
    /// `kind`.
    run_seconds: HistogramVec,
}

/// How a run ended, for the metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Retried,
    Snoozed,
    Dead,
    /// The lease had run out meanwhile: another runner has the job.
    Lost,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retried => "retried",
            Self::Snoozed => "snoozed",
            Self::Dead => "dead",
            Self::Lost => "lost",
        }
    }
}

impl JobMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Result<Self, MetricsError> {
        let oldest = "How long the oldest due job waits for a runner";
        Ok(Self {
            jobs: metrics.gauge_vec("jobs", "Jobs that are not finished", &["kind", "state"])?,
            oldest_due_seconds: metrics.gauge_vec("jobs_oldest_due_seconds", oldest, &["kind"])?,
            runs: metrics.counter_vec("jobs_runs_total", "Runs by outcome", &["kind", "outcome"])?,
            run_seconds: metrics.histogram_vec(
                "jobs_run_seconds",
                "Time of one run",
                RUN_SECONDS,
                &["kind"],
            )?,
        })
    }

    /// A run has ended and its row says so.
    pub(crate) fn ran(&self, job: &Claimed, outcome: Outcome, took: Duration, error: Option<(&str, &str)>) {
        self.runs.with_label_values(&[job.kind.as_str(), outcome.name()]).inc();
        self.run_seconds.with_label_values(&[job.kind.as_str()]).observe(took.as_secs_f64());
        let (kind, job_id, attempt) = (job.kind.as_str(), job.id(), job.attempts);
        let (class, error) = error.unwrap_or_default();
        match outcome {
            Outcome::Done | Outcome::Snoozed => {
                tracing::debug!(kind, %job_id, attempt, outcome = outcome.name(), "a job ran");
            }
            Outcome::Retried => {
                tracing::warn!(kind, %job_id, attempt, class, error, "a job failed; it is tried again");
            }
            Outcome::Dead => tracing::error!(kind, %job_id, attempt, class, error, "a job was given up"),
            Outcome::Lost => tracing::warn!(
                kind,
                %job_id,
                attempt,
                "a job outlived its lease; another runner has it, and its effect may be there twice"
            ),
        }
    }

    /// Takes over what the table holds; says what is worth a log line. `kinds` are those of this build.
    pub(crate) fn measured(&self, kinds: &[&'static str], tallies: &[Tally], now: DateTime<Utc>) -> Backlog {
        let by_place: HashMap<(&str, &str), &Tally> =
            tallies.iter().map(|tally| ((tally.kind.as_str(), tally.state.as_str()), tally)).collect();
        let mut backlog = Backlog::default();
        for kind in kinds.iter().copied() {
            for state in GAUGED {
                let jobs = by_place.get(&(kind, state)).map_or(0, |tally| tally.jobs);
                self.jobs.with_label_values(&[kind, state]).set(jobs);
            }
            let late = by_place.get(&(kind, "waiting")).map(|tally| now - tally.oldest_due_at);
            let late = late.and_then(|age| age.to_std().ok()).unwrap_or_default();
            let seconds = i64::try_from(late.as_secs()).unwrap_or(i64::MAX);
            self.oldest_due_seconds.with_label_values(&[kind]).set(seconds);
            backlog.dead += by_place.get(&(kind, "dead")).map_or(0, |tally| tally.jobs);
            if late > backlog.oldest.0 {
                backlog.oldest = (late, kind);
            }
        }
        backlog
    }
}

/// What an operator wants to know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Backlog {
    /// Dead letters.
    pub(crate) dead: i64,
    /// The longest wait of a due job, and its kind.
    pub(crate) oldest: (Duration, &'static str),
}
