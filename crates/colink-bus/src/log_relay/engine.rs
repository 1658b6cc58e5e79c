//! The relay's loop: one task, no locks; reads and marks run beside it as futures that it polls itself.

use std::collections::{HashMap, HashSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use colink_core::id::ChannelId;
use colink_telemetry::metrics::{Histogram, IntCounter, IntGauge};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::board::{Ack, AckBoard};
use super::handle::{Handed, Held, LogRelayHandle, RelayStatus};
use super::lane::Lane;
use super::{Behind, ChannelLog, Locked, LogError, LogRelayConfig, LogRow, owns};
use crate::error::BusError;
use crate::metrics::BusMetrics;
use crate::producer::Producer;
use crate::shard::ShardSet;

/// Rows taken up at once before the loop looks at anything else.
const TAKE_ROWS: usize = 256;
/// A channel without events for so long is forgotten; its next event brings its `published_seq` with it.
const FORGET_AFTER: Duration = Duration::from_secs(60);
const FORGET_EVERY: Duration = Duration::from_secs(10);
const FINISH_PATIENCE: Duration = Duration::from_secs(3);

/// What a piece of work beside the loop ended with.
pub(super) enum Done {
    Read(ChannelId, Result<Vec<LogRow>, LogError>),
    Marked(Vec<(ChannelId, i64)>, Result<Vec<ChannelId>, LogError>),
    Swept(Result<Vec<Behind>, LogError>),
}

pub(super) type Work = Pin<Box<dyn Future<Output = Done> + Send>>;

pub(super) struct Engine<L> {
    pub(super) log: Arc<L>,
    pub(super) producer: Producer,
    pub(super) config: LogRelayConfig,
    pub(super) topic: String,
    pub(super) status: RelayStatus,
    pub(super) meters: Meters,
    pub(super) board: Arc<AckBoard>,
    pub(super) acks: Vec<Ack>,
    pub(super) owned: ShardSet,
    pub(super) lanes: HashMap<ChannelId, Lane<Held>>,
    /// Channels with a row to send.
    pub(super) ready: VecDeque<ChannelId>,
    /// Channels with something under way: the tick looks at these only.
    pub(super) active: HashSet<ChannelId>,
    /// Channels that wait for a free read.
    pub(super) to_read: VecDeque<ChannelId>,
    /// Stored rows whose copy for the mirror is not queued yet.
    pub(super) to_mirror: VecDeque<LogRow>,
    pub(super) mirrored_at: Instant,
    pub(super) in_flight: usize,
    pub(super) mirrors_in_flight: usize,
    pub(super) reads: usize,
    pub(super) marking: bool,
    pub(super) sweeping: bool,
    pub(super) sweep_after: Option<ChannelId>,
    pub(super) work: FuturesUnordered<Work>,
    forgot_at: Instant,
}

pub(super) struct Meters {
    pub(super) handover: Histogram,
    pub(super) holes: IntCounter,
    pub(super) behind: IntCounter,
    pub(super) missing: IntCounter,
    bytes: IntGauge,
    channels: IntGauge,
    in_flight: IntGauge,
}

impl Meters {
    fn new(metrics: &BusMetrics) -> Self {
        Self {
            handover: metrics.handover_seconds.with_label_values::<&str>(&[]),
            holes: metrics.log_reads.with_label_values(&["hole"]),
            behind: metrics.log_reads.with_label_values(&["behind"]),
            missing: metrics.relay_missing.with_label_values::<&str>(&[]),
            bytes: metrics.relay_bytes.with_label_values::<&str>(&[]),
            channels: metrics.relay_channels.with_label_values::<&str>(&[]),
            in_flight: metrics.relay_in_flight.with_label_values::<&str>(&[]),
        }
    }
}

impl<L: ChannelLog> Engine<L> {
    pub(super) fn new(
        log: Arc<L>,
        producer: Producer,
        config: LogRelayConfig,
        topic: String,
        handle: &LogRelayHandle,
    ) -> Self {
        let meters = Meters::new(producer.metrics());
        Self {
            log,
            producer,
            config,
            topic,
            status: handle.status(),
            meters,
            board: Arc::default(),
            acks: Vec::new(),
            owned: ShardSet::EMPTY,
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            active: HashSet::new(),
            to_read: VecDeque::new(),
            to_mirror: VecDeque::new(),
            mirrored_at: Instant::now(),
            in_flight: 0,
            mirrors_in_flight: 0,
            reads: 0,
            marking: false,
            sweeping: false,
            sweep_after: None,
            work: FuturesUnordered::new(),
            forgot_at: Instant::now(),
        }
    }

    pub(super) fn producer(&self) -> &Producer {
        &self.producer
    }

    pub(super) async fn run(
        mut self,
        mut rows: mpsc::Receiver<Handed>,
        mut owned: watch::Receiver<ShardSet>,
        cancel: CancellationToken,
    ) -> Result<(), BusError> {
        let mut tick = beat(self.config.mark_every);
        let mut sweep = beat(self.config.sweep_every);
        let mut batch = Vec::with_capacity(TAKE_ROWS);
        loop {
            let busy = self.is_busy();
            tokio::select! {
                () = cancel.cancelled() => break,
                taken = rows.recv_many(&mut batch, TAKE_ROWS) => {
                    if taken == 0 {
                        break;
                    }
                    self.take_up(&mut batch)?;
                }
                Some(done) = self.work.next(), if !self.work.is_empty() => self.finish(done)?,
                changed = owned.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    let shards = *owned.borrow_and_update();
                    self.change_owned(shards);
                }
                _ = tick.tick(), if busy => self.tick()?,
                _ = sweep.tick() => self.sweep(),
            }
        }
        self.wind_up(rows).await
    }

    fn is_busy(&self) -> bool {
        self.in_flight + self.mirrors_in_flight > 0 || !self.active.is_empty() || !self.to_mirror.is_empty()
    }

    /// Takes up committed rows and sends what is in order.
    fn take_up(&mut self, batch: &mut Vec<Handed>) -> Result<(), BusError> {
        let now = Instant::now();
        for Handed { held, published_seq } in batch.drain(..) {
            let channel_id = held.row.channel_id;
            if !owns(self.owned, channel_id) {
                continue;
            }
            let lane = self.lanes.entry(channel_id).or_insert_with(|| Lane::after(published_seq, now));
            lane.learn(published_seq);
            lane.offer(held.row.seq, held, now);
            if lane.queue_up() {
                self.ready.push_back(channel_id);
            }
            self.active.insert(channel_id);
        }
        self.send_ready()
    }

    fn finish(&mut self, done: Done) -> Result<(), BusError> {
        match done {
            Done::Read(channel_id, rows) => {
                self.finish_read(channel_id, rows);
                self.send_ready()?;
                // A long catch-up reads on at once and does not wait for the tick.
                self.want_read(channel_id);
            }
            Done::Marked(marks, outcome) => self.finish_marks(&marks, outcome),
            Done::Swept(found) => self.finish_sweep(found),
        }
        self.start_reads();
        Ok(())
    }

    fn change_owned(&mut self, shards: ShardSet) {
        self.owned = shards;
        self.status.set_owned(shards);
        self.lanes.retain(|channel_id, _| owns(shards, *channel_id));
        self.active.retain(|channel_id| owns(shards, *channel_id));
        self.sweep_after = None;
        self.sweep();
    }

    /// Acknowledgements, copies, retries, holes and marks.
    fn tick(&mut self) -> Result<(), BusError> {
        if self.producer.is_broken() {
            return Err(BusError::Fatal);
        }
        self.take_acks();
        self.mirror()?;
        self.inspect();
        self.start_reads();
        self.send_ready()?;
        self.forget();
        self.meters
            .bytes
            .set(i64::try_from(self.status.memory().load(Ordering::Relaxed)).unwrap_or(i64::MAX));
        self.meters.channels.set(i64::try_from(self.lanes.len()).unwrap_or(i64::MAX));
        self.meters.in_flight.set(i64::try_from(self.in_flight).unwrap_or(i64::MAX));
        Ok(())
    }

    /// Looks at every channel with something under way, and starts one write for all their marks.
    fn inspect(&mut self) {
        let now = Instant::now();
        let (mut marks, mut overdue) = (Vec::new(), None);
        let (lanes, ready, to_read) = (&mut self.lanes, &mut self.ready, &mut self.to_read);
        let (meters, patience) = (&self.meters, self.config.hole_patience);
        self.active.retain(|channel_id| {
            let Some(lane) = lanes.get_mut(channel_id) else {
                return false;
            };
            if let Some(why) = lane.wants_read(now, patience) {
                meters.count_read(why);
                to_read.push_back(*channel_id);
            }
            if lane.queue_up() {
                ready.push_back(*channel_id);
            }
            let mark = lane.to_mark().map(|seq| (*channel_id, seq));
            marks.extend(mark);
            overdue = overdue.or(mark.filter(|_| lane.is_overdue()));
            !lane.at_rest()
        });
        match overdue {
            // Alone: nothing else is locked while it waits.
            Some(mark) => self.start_marks(vec![mark], Locked::Wait),
            None => self.start_marks(marks, Locked::Skip),
        }
    }

    fn forget(&mut self) {
        let now = Instant::now();
        if now.duration_since(self.forgot_at) >= FORGET_EVERY {
            self.forgot_at = now;
            self.lanes.retain(|_, lane| !lane.is_stale(now, FORGET_AFTER));
        }
    }

    /// After the last hand-over: sends what is in memory, waits for acknowledgements and marks them, within a deadline.
    /// What remains is read from the log by the next owner.
    async fn wind_up(&mut self, mut rows: mpsc::Receiver<Handed>) -> Result<(), BusError> {
        rows.close();
        let started = Instant::now();
        let mut batch = Vec::new();
        while let Ok(handed) = rows.try_recv() {
            batch.push(handed);
        }
        self.take_up(&mut batch)?;
        while self.is_busy() && started.elapsed() < FINISH_PATIENCE {
            tokio::select! {
                Some(done) = self.work.next(), if !self.work.is_empty() => self.finish(done)?,
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
            }
            self.tick()?;
        }
        Ok(())
    }
}

fn beat(every: Duration) -> Interval {
    let mut beat = interval(every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat
}
