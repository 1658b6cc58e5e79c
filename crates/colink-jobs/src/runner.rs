//! Takes jobs whose turn it is and runs them.
//!
//! One runner per process. Replicas share the table: a claim skips rows that another one is taking, so none waits and none
//! gets the same job. A claim is a lease a little longer than the job's timeout: when its holder dies, the job is due again
//! at the end of the lease. Whoever lost a lease cannot note an end any more.

mod kind;
mod perform;
mod running;
mod settlement;

use std::sync::Arc;
use std::time::Duration;

use colink_core::clock::SharedClock;
use colink_telemetry::metrics::Metrics;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use self::kind::Kind;
use self::perform::{Means, perform};
use self::running::Running;
use crate::backoff::Backoff;
use crate::bounded::bounded;
use crate::error::JobsError;
use crate::job::Job;
use crate::metrics::{Backlog, JobMetrics};
use crate::store;

/// The waits while the database is away.
const OUTAGE: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));

/// How a runner works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunnerConfig {
    /// The most jobs that run at the same time in this process.
    pub concurrency: usize,
    /// How often it looks without being woken: for jobs of other replicas, retries and jobs with a due time.
    pub poll: Duration,
    /// How long running jobs may go on when the process is to stop. Well below the 5 s that tasks have after the last request:
    /// what is left is for giving the others back, on a machine and a database that are busy.
    pub drain: Duration,
    /// How often the table is measured.
    pub measure: Duration,
    /// A due job that waits longer than this is worth a line in the log.
    pub late: Duration,
}

impl Default for RunnerConfig {
    fn default() -> Self {
        Self {
            concurrency: 8,
            poll: Duration::from_secs(1),
            drain: Duration::from_secs(2),
            measure: Duration::from_secs(15),
            late: Duration::from_secs(60),
        }
    }
}

/// Wakes the runner of this process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct WakeHandle {
    wake: Arc<Notify>,
}

impl WakeHandle {
    /// Says that a transaction with jobs was committed. Never waits; calls that come together become one look.
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}

/// Runs the jobs of one database. `S` is what jobs need to run.
pub struct Runner<S> {
    pool: PgPool,
    clock: SharedClock,
    metrics: JobMetrics,
    config: RunnerConfig,
    wake: Arc<Notify>,
    kinds: Vec<Arc<Kind<S>>>,
}

impl<S: Clone + Send + Sync + 'static> Runner<S> {
    /// A runner that knows no kind yet and does nothing until it [runs](Self::run).
    ///
    /// # Errors
    /// [`JobsError::Metrics`].
    pub fn new(
        pool: PgPool,
        clock: SharedClock,
        metrics: &Metrics,
        config: RunnerConfig,
    ) -> Result<Self, JobsError> {
        let (metrics, wake) = (JobMetrics::new(metrics)?, Arc::new(Notify::new()));
        Ok(Self { pool, clock, metrics, config, wake, kinds: Vec::new() })
    }

    /// The handle for those who commit.
    #[must_use]
    pub fn handle(&self) -> WakeHandle {
        WakeHandle { wake: Arc::clone(&self.wake) }
    }

    /// Also runs jobs of this kind. Those of kinds that nobody named are left to replicas of another build.
    #[must_use]
    pub fn on<J: Job<State = S>>(mut self) -> Self {
        self.kinds.push(Arc::new(Kind::of::<J>()));
        self
    }

    /// Runs `J::default()` now and then `every` so often, on one replica at a time, over restarts and crashes: the turn is
    /// a row of the table. Turns that were missed are not made up for. A run that is given up is reported, and the next
    /// turn comes all the same.
    #[must_use]
    pub fn every<J: Job<State = S> + Default>(mut self, every: Duration) -> Self {
        self.kinds.push(Arc::new(Kind::recurring::<J>(every)));
        self
    }

    /// Runs jobs until cancelled, then lets those that run finish for [`RunnerConfig::drain`] and gives the others back. A
    /// database that is away is waited for.
    pub async fn run(self, state: S, cancel: CancellationToken) {
        let means = Means {
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
            stopping: cancel.clone(),
        };
        tokio::join!(self.work_until(&cancel, &means, &state), self.measure_until(&cancel));
    }

    async fn work_until(&self, cancel: &CancellationToken, means: &Means, state: &S) {
        let mut running = Running::default();
        let mut failures = 0;
        while !cancel.is_cancelled() {
            let wait = match self.claim(means, state, &mut running).await {
                Ok(true) => continue,
                Ok(false) => {
                    failures = 0;
                    self.config.poll
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        failures,
                        "no job could be claimed"
                    );
                    OUTAGE.after(failures, rand::random())
                }
            };
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.wake.notified(), if failures == 0 => {}
                () = running.ended(), if failures == 0 => {}
                () = sleep(wait) => {}
            }
        }
        let cut_off = running.finish(self.config.drain).await;
        if cut_off.is_empty() {
            return;
        }
        match bounded(store::update_released(&self.pool, &cut_off, self.clock.now())).await {
            Ok(jobs) => tracing::info!(jobs, "jobs were cut off and given back"),
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "jobs were cut off; they are due again when their leases are over"
            ),
        }
    }

    /// Starts what is due and fits. True when there may be more.
    async fn claim(&self, means: &Means, state: &S, running: &mut Running) -> Result<bool, JobsError> {
        let free = self.config.concurrency.saturating_sub(running.len());
        let asks = self.kinds.iter().filter_map(|kind| kind.ask(state, running.of_kind(kind.name), free));
        let asks: Vec<_> = asks.collect();
        if asks.is_empty() {
            return Ok(false);
        }
        let (own, now) = (running.ids(), self.clock.now());
        let claimed = bounded(store::update_claimed(&self.pool, &asks, free, &own, now)).await?;
        let any = !claimed.is_empty();
        for job in claimed {
            let kind = self.kinds.iter().find(|kind| kind.name == job.kind);
            let Some(kind) = kind else { continue };
            let (name, hold) = (kind.name, job.hold());
            running.start(name, hold, perform(means.clone(), Arc::clone(kind), job, state.clone()));
        }
        Ok(any && running.len() < self.config.concurrency)
    }

    /// Measures the table, and sees to it that every recurring kind has its row.
    async fn measure_until(&self, cancel: &CancellationToken) {
        let mut told = None;
        loop {
            let begun = Instant::now();
            match bounded(self.measure(&mut told)).await {
                Ok(()) => {}
                // Claims fail then, too, and say why.
                Err(error) => tracing::debug!(%error, "the jobs could not be measured"),
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep_until(begun + self.config.measure) => {}
            }
        }
    }

    async fn measure(&self, told: &mut Option<Backlog>) -> Result<(), JobsError> {
        self.plant(told.is_none()).await?;
        let tallies = store::list_tallies(&self.pool).await?;
        let kinds: Vec<&'static str> = self.kinds.iter().map(|kind| kind.name).collect();
        let found = self.metrics.measured(&kinds, &tallies, self.clock.now());
        let (oldest, kind) = found.oldest;
        let before = told.unwrap_or_default();
        if found.dead > before.dead {
            tracing::error!(dead = found.dead, "there are more dead jobs; look at them and requeue them");
        }
        let (is_late, was_late) = (oldest > self.config.late, before.oldest.0 > self.config.late);
        if is_late && !was_late {
            tracing::warn!(kind, seconds = oldest.as_secs(), "due jobs wait long for their turn");
        } else if was_late && !is_late {
            tracing::info!("no due job waits long any more");
        }
        *told = Some(found);
        Ok(())
    }

    /// Sees to it that every recurring kind has its row, and at the start that the row is as this build wants it.
    async fn plant(&self, is_start: bool) -> Result<(), JobsError> {
        for (row, every) in self.kinds.iter().filter_map(|kind| kind.row(self.clock.as_ref())) {
            let (row, latest) = (row?, self.clock.now() + every);
            let mut connection = self.pool.acquire().await?;
            if store::insert(&mut connection, std::slice::from_ref(&row)).await? == 1 {
                self.wake.notify_one();
            } else if is_start {
                store::update_recurring(&mut connection, &row, latest).await?;
            }
        }
        Ok(())
    }
}

impl<S> std::fmt::Debug for Runner<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.name).collect();
        f.debug_struct("Runner").field("kinds", &kinds).field("config", &self.config).finish_non_exhaustive()
    }
}
