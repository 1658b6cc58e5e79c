//! Posts at a fixed rate whatever the answers do, and times each from the moment it was due.
//!
//! A closed loop would wait for a slow answer before it sends the next and so leave out the very
//! waits that users see ("coordinated omission", G. Tene). Here a thread paces the posts; a post that
//! finds no free connection waits with its clock already running.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use crate::fixture::{Fixture, message};
use crate::http::Connection;
use crate::report::{Latencies, Step};
use crate::socket::{Delivery, Listener};
use crate::spent::Begun;
use crate::{BenchError, Load};

/// Connections that share the posts of one rate.
const CONNECTIONS: usize = 32;
/// How long after the last post deliveries are awaited.
const GRACE: Duration = Duration::from_secs(5);

/// When each post is due: number `n` at `begin + n / rate`.
#[derive(Clone, Copy)]
pub(crate) struct Schedule {
    begin: Instant,
    rate: u32,
    warm_up: u64,
    total: u64,
}

impl Schedule {
    /// `seconds` at this rate from now on, and a fifth of it before, which is not measured.
    pub(crate) fn new(rate: u32, seconds: u64) -> Self {
        let warm_up = (seconds / 5).max(1) * u64::from(rate);
        let total = warm_up + seconds * u64::from(rate);
        Self { begin: Instant::now() + Duration::from_millis(200), rate, warm_up, total }
    }

    pub(crate) fn due(&self, number: u64) -> Instant {
        self.begin + Duration::from_secs(1) * u32::try_from(number).unwrap_or(u32::MAX) / self.rate
    }

    pub(crate) fn measured(&self, number: u64) -> bool {
        number >= self.warm_up
    }
}

/// One rate, from the first socket to the last delivery.
pub(crate) async fn run(fixture: &Fixture, load: &Load, rate: u32) -> Result<Step, BenchError> {
    let (report, deliveries) = mpsc::channel(65_536);
    let listeners = listen(fixture, load, &report).await?;
    drop(report);
    let schedule = Schedule::new(rate, load.seconds);

    let costs = Begun::now(load.run_dir.as_deref())?;
    let numbers = Arc::new(Mutex::new(pace(schedule)));
    let mut posters = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let connection = Connection::open(&load.gateway).await?;
        let targets = (0..fixture.channels.len()).map(|turn| fixture.path(turn)).collect();
        let poster = Poster { connection, targets, tokens: fixture.tokens.clone(), bytes: load.bytes };
        posters.spawn(poster.run(Arc::clone(&numbers), schedule));
    }
    let counter = count(deliveries, schedule, load.receivers);
    let (acks, delivered) = tokio::join!(gather(posters), counter);
    let spent = costs.end()?;
    drop(listeners);

    let expected = load.seconds * u64::from(rate) * load.receivers as u64;
    Ok(Step {
        label: format!("{rate} posts/s"),
        posts: schedule.total,
        seconds: (load.seconds + (load.seconds / 5).max(1)) as f64,
        acks: acks?,
        missing_deliveries: expected.saturating_sub(delivered.count()),
        deliveries: delivered,
        receivers: load.receivers,
        spent,
    })
}

/// Opens every socket; they report until the returned set is dropped.
pub(crate) async fn listen(
    fixture: &Fixture,
    load: &Load,
    report: &mpsc::Sender<Delivery>,
) -> Result<JoinSet<Result<(), BenchError>>, BenchError> {
    let started = Arc::new(Instant::now());
    let mut listeners = JoinSet::new();
    for (index, channel) in fixture.channels.iter().enumerate() {
        for receiver in 0..load.receivers {
            let token = fixture.token(index + receiver);
            let listener = Listener::subscribe(&load.gateway, token, channel).await?;
            listeners.spawn(listener.listen(report.clone(), Arc::clone(&started)));
        }
    }
    Ok(listeners)
}

/// A thread, since the runtime's timer has a grain of a millisecond.
pub(crate) fn pace(schedule: Schedule) -> mpsc::Receiver<u64> {
    let (due, numbers) = mpsc::channel(65_536);
    thread::spawn(move || {
        for number in 0..schedule.total {
            thread::sleep(schedule.due(number).saturating_duration_since(Instant::now()));
            if due.blocking_send(number).is_err() {
                return;
            }
        }
    });
    numbers
}

struct Poster {
    connection: Connection,
    targets: Vec<String>,
    tokens: Vec<String>,
    bytes: usize,
}

impl Poster {
    async fn run(
        mut self,
        numbers: Arc<Mutex<mpsc::Receiver<u64>>>,
        schedule: Schedule,
    ) -> Result<Latencies, BenchError> {
        let mut latencies = Latencies::new()?;
        loop {
            let next = numbers.lock().await.recv().await;
            let Some(number) = next else { return Ok(latencies) };
            let turn = usize::try_from(number)?;
            let (path, token) =
                (&self.targets[turn % self.targets.len()], &self.tokens[turn % self.tokens.len()]);
            let status = self.connection.post(path, token, &message(number, self.bytes)).await?;
            if status != 201 {
                return Err(format!("a post was answered {status}: {}", self.connection.last_body()).into());
            }
            if schedule.measured(number) {
                latencies.record(schedule.due(number).elapsed());
            }
        }
    }
}

async fn gather(mut posters: JoinSet<Result<Latencies, BenchError>>) -> Result<Latencies, BenchError> {
    let mut all = Latencies::new()?;
    while let Some(poster) = posters.join_next().await {
        all.merge(&poster??)?;
    }
    Ok(all)
}

/// Times deliveries until all that are expected have come, or the grace is over.
async fn count(mut deliveries: mpsc::Receiver<Delivery>, schedule: Schedule, receivers: usize) -> Latencies {
    let mut latencies = Latencies::default();
    let expected = schedule.total * receivers as u64;
    let end = tokio::time::Instant::from_std(schedule.due(schedule.total) + GRACE);
    for _ in 0..expected {
        match timeout_at(end, deliveries.recv()).await {
            Ok(Some(delivery)) if schedule.measured(delivery.number) => {
                latencies.record(delivery.at.saturating_duration_since(schedule.due(delivery.number)));
            }
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => break,
        }
    }
    latencies
}
