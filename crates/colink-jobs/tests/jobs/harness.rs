//! One database per test, jobs that do what they are told, and a clock that the test moves.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use colink_core::clock::{Clock, ManualClock};
use colink_core::id::JobId;
use colink_events::Cause;
use colink_jobs::{
    Backoff, Enqueue, Enqueued, Job, JobFailure, JobRun, JobState, JobStatus, Runner, RunnerConfig,
    WakeHandle, enqueue, status,
};
use colink_telemetry::metrics::Metrics;
use colink_test::{SOON, TestDatabase, eventually};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What jobs of a test share.
#[derive(Clone, Default)]
pub(crate) struct Lab(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Runs by job.
    runs: Mutex<HashMap<JobId, Vec<JobRun>>>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    /// Lets jobs that wait go on.
    pub(crate) go_on: Notify,
    /// Slots of [`Task`]; 0 is no bound.
    slots: AtomicUsize,
    /// Whether [`Sweep`] fails for good.
    sweeps_fail: AtomicBool,
}

impl Lab {
    pub(crate) fn runs_of(&self, id: JobId) -> Vec<JobRun> {
        self.0.runs.lock().unwrap().get(&id).cloned().unwrap_or_default()
    }

    pub(crate) fn runs(&self) -> usize {
        self.0.runs.lock().unwrap().values().map(Vec::len).sum()
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.0.most_at_once.load(Ordering::SeqCst)
    }

    pub(crate) fn go_on(&self) {
        self.0.go_on.notify_waiters();
    }

    /// As many of [`Task`] at a time, plus one for the 0 that means "no bound".
    pub(crate) fn bound(&self, slots: usize) {
        self.0.slots.store(slots + 1, Ordering::SeqCst);
    }

    pub(crate) fn fail_sweeps(&self, fail: bool) {
        self.0.sweeps_fail.store(fail, Ordering::SeqCst);
    }

    fn begin(&self, run: &JobRun) {
        self.0.runs.lock().unwrap().entry(run.id).or_default().push(run.clone());
        let now = self.0.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most_at_once.fetch_max(now, Ordering::SeqCst);
    }
}

/// Counts itself out, also when its future is dropped.
struct Presence(Lab);

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.0.at_once.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A job that does what it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Task {
    Succeed,
    /// Until the test says so.
    Wait,
    /// Until the process is to stop.
    WaitForStop,
    FailTimes(u32),
    FailAlways,
    Refuse,
    Panic,
    Hang,
    SnoozeOnce,
}

impl Job for Task {
    const KIND: &'static str = "task";
    const MAX_ATTEMPTS: u16 = 3;
    const TIMEOUT: Duration = Duration::from_secs(30);
    const BACKOFF: Backoff = Backoff::new(Duration::from_secs(10), Duration::from_secs(60));
    type State = Lab;

    async fn run(self, lab: &Lab, run: &JobRun) -> Result<(), JobFailure> {
        lab.begin(run);
        let _presence = Presence(lab.clone());
        let runs = lab.runs_of(run.id).len();
        match self {
            Self::Succeed => Ok(()),
            Self::Wait => {
                lab.0.go_on.notified().await;
                Ok(())
            }
            Self::WaitForStop => {
                run.stopping().cancelled().await;
                Err(JobFailure::snooze(Duration::ZERO))
            }
            Self::FailTimes(times) if run.attempt > times => Ok(()),
            Self::FailTimes(_) | Self::FailAlways => Err(JobFailure::retry("away", "the server is away")),
            Self::Refuse => Err(JobFailure::permanent("refused", "the server\0 said never")),
            Self::Panic => panic!("lost my mind"),
            Self::Hang => std::future::pending().await,
            Self::SnoozeOnce if runs > 1 => Ok(()),
            Self::SnoozeOnce => Err(JobFailure::snooze(Duration::from_secs(30))),
        }
    }

    fn slots(lab: &Lab) -> usize {
        lab.0.slots.load(Ordering::SeqCst).checked_sub(1).unwrap_or(usize::MAX)
    }
}

/// The same with a timeout that a test can await.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Brief(pub(crate) Task);

impl Job for Brief {
    const KIND: &'static str = "brief";
    const MAX_ATTEMPTS: u16 = 2;
    const TIMEOUT: Duration = Duration::from_millis(50);
    type State = Lab;

    async fn run(self, lab: &Lab, run: &JobRun) -> Result<(), JobFailure> {
        self.0.run(lab, run).await
    }
}

/// A job that recurs.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sweep;

impl Job for Sweep {
    const KIND: &'static str = "sweep";
    const MAX_ATTEMPTS: u16 = 1;
    type State = Lab;

    async fn run(self, lab: &Lab, run: &JobRun) -> Result<(), JobFailure> {
        let fail = lab.0.sweeps_fail.load(Ordering::SeqCst);
        if fail { Task::Refuse } else { Task::Succeed }.run(lab, run).await
    }
}

pub(crate) struct World {
    database: TestDatabase,
    pub(crate) pool: PgPool,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) lab: Lab,
}

impl World {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::empty("jobs").await;
        let pool = PgPool::connect(&database.url()).await.unwrap();
        sqlx::raw_sql(colink_jobs::SCHEMA).execute(&pool).await.unwrap();
        Self { database, pool, clock: Arc::new(ManualClock::default()), lab: Lab::default() }
    }

    pub(crate) async fn end(self) {
        self.pool.close().await;
        self.database.drop_now().await;
    }

    /// A runner of [`Task`] and [`Brief`] that looks often.
    pub(crate) fn start(&self) -> Replica {
        self.start_with(|runner| runner.on::<Task>().on::<Brief>())
    }

    pub(crate) fn start_with(&self, kinds: impl FnOnce(Runner<Lab>) -> Runner<Lab>) -> Replica {
        let config = RunnerConfig {
            concurrency: 4,
            poll: Duration::from_millis(20),
            drain: Duration::from_secs(1),
            measure: Duration::from_millis(50),
            ..RunnerConfig::default()
        };
        self.start_as(config, kinds)
    }

    pub(crate) fn start_as(
        &self,
        config: RunnerConfig,
        kinds: impl FnOnce(Runner<Lab>) -> Runner<Lab>,
    ) -> Replica {
        let metrics = Metrics::new("jobs-test").unwrap();
        let runner = kinds(Runner::new(self.pool.clone(), self.clock.clone(), &metrics, config).unwrap());
        let (handle, cancel) = (runner.handle(), CancellationToken::new());
        let task = tokio::spawn(runner.run(self.lab.clone(), cancel.clone()));
        Replica { handle, metrics, cancel, task }
    }

    pub(crate) async fn enqueue(&self, task: Task) -> JobId {
        self.enqueue_with(&task, Enqueue::now()).await.id()
    }

    pub(crate) async fn enqueue_with<J: Job>(&self, job: &J, options: Enqueue) -> Enqueued {
        let mut transaction = self.pool.begin().await.unwrap();
        let queued = enqueue(&mut transaction, job, options, self.clock.as_ref()).await.unwrap();
        transaction.commit().await.unwrap();
        queued
    }

    pub(crate) async fn status(&self, id: JobId) -> JobStatus {
        status(&self.pool, id).await.unwrap().unwrap()
    }

    /// Waits until the job is in that state after that many attempts. Its row is running before the job itself is.
    pub(crate) async fn until(&self, id: JobId, state: JobState, attempts: u32) -> JobStatus {
        eventually(&format!("{id} is {state:?} after {attempts}"), SOON, async || {
            let status = self.status(id).await;
            let begun = self.lab.runs_of(id).last().is_some_and(|run| run.attempt == attempts);
            let reached = status.state == state && status.attempts == attempts;
            (reached && (begun || state != JobState::Running)).then_some(status)
        })
        .await
    }

    pub(crate) async fn until_runs(&self, runs: usize) {
        eventually(&format!("{runs} runs"), SOON, async || (self.lab.runs() >= runs).then_some(())).await;
    }

    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.pool).await.unwrap()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The wait until a job that failed is due.
    pub(crate) fn wait_of(&self, status: &JobStatus) -> i64 {
        (status.due_at.as_datetime() - self.clock.now()).num_seconds()
    }
}

/// A runner that runs.
pub(crate) struct Replica {
    pub(crate) handle: WakeHandle,
    pub(crate) metrics: Metrics,
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Replica {
    pub(crate) async fn stop(self) {
        self.cancel.cancel();
        tokio::time::timeout(SOON, self.task).await.unwrap().unwrap();
    }

    /// Ends it as a crash would: nothing is finished or given back.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }

    /// The value of a metric, by the beginning of its name and its labels.
    pub(crate) fn metric(&self, name: &str, labels: &[&str]) -> f64 {
        let text = self.metrics.render();
        let fits = |line: &&str| line.starts_with(name) && labels.iter().all(|label| line.contains(label));
        let line = text.lines().find(fits);
        line.and_then(|line| line.rsplit(' ').next()).map_or(0.0, |value| value.parse().unwrap())
    }
}

/// A cause with everything in it.
pub(crate) fn cause(clock: &dyn Clock) -> Cause {
    use colink_core::id::{RequestId, SessionId, UserId};
    let actor = colink_events::Actor {
        user_id: Some(UserId::generate(clock)),
        session_id: Some(SessionId::generate(clock)),
        ip: Some("203.0.113.9".parse().unwrap()),
        user_agent: Some("Firefox".to_owned()),
    };
    Cause {
        actor: Some(actor),
        request_id: Some(RequestId::parse("web-1.2_3").unwrap()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
    }
}
