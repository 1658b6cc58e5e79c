//! The log as the safety net: what is read from it, and what is marked in it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use colink_core::id::ChannelId;

use super::engine::{Done, Engine, Meters};
use super::handle::Held;
use super::lane::{Lane, Why};
use super::{Behind, ChannelLog, Locked, LogError, LogRow, owns};
use crate::error::BusError;

/// Reads of channels that run at the same time.
const READS: usize = 4;
/// Channels that one sweep finds.
const SWEEP_CHANNELS: i64 = 500;
/// With more channels than this under way, the sweep waits.
const SWEEP_BELOW: usize = 4096;
const DATABASE_PATIENCE: Duration = Duration::from_secs(10);

impl Meters {
    pub(super) fn count_read(&self, why: Why) {
        match why {
            Why::Behind => self.behind.inc(),
            Why::Hole => self.holes.inc(),
        }
    }
}

impl<L: ChannelLog> Engine<L> {
    /// Starts as many of the wanted reads as may run at once. While records are on their way a full memory waits for them;
    /// when none is, only a read can fill what the memory waits for.
    pub(super) fn start_reads(&mut self) {
        let full = self.status.memory().load(Ordering::Relaxed) >= self.config.memory_bytes;
        while self.reads < READS && !(full && self.in_flight > 0) {
            let Some(channel_id) = self.to_read.pop_front() else {
                return;
            };
            let Some(after) = self.lanes.get(&channel_id).map(Lane::read_after) else {
                continue;
            };
            let (log, limit) = (Arc::clone(&self.log), as_limit(self.config.read_rows));
            self.reads += 1;
            self.work.push(Box::pin(async move {
                Done::Read(channel_id, within(log.after(channel_id, after, limit)).await)
            }));
        }
    }

    pub(super) fn finish_read(&mut self, channel_id: ChannelId, rows: Result<Vec<LogRow>, LogError>) {
        self.reads -= 1;
        let now = Instant::now();
        let Some(lane) = self.lanes.get_mut(&channel_id) else {
            return;
        };
        match rows {
            Ok(rows) => {
                let memory = self.status.memory();
                let rows = rows.into_iter().map(|row| (row.seq, Held::new(row, None, memory))).collect();
                let missing = lane.read(rows, self.config.read_rows, now);
                if missing > 0 {
                    self.meters.missing.inc_by(missing.unsigned_abs());
                    tracing::error!(%channel_id, missing, "the channel log itself has a hole");
                }
            }
            Err(error) => {
                lane.read_failed(now);
                tracing::warn!(%channel_id, %error, "the channel log could not be read");
            }
        }
        if lane.queue_up() {
            self.ready.push_back(channel_id);
        }
        self.active.insert(channel_id);
    }

    pub(super) fn want_read(&mut self, channel_id: ChannelId) {
        let lane = self.lanes.get_mut(&channel_id);
        if let Some(why) = lane.and_then(|lane| lane.wants_read(Instant::now(), self.config.hole_patience)) {
            self.meters.count_read(why);
            self.to_read.push_back(channel_id);
        }
    }

    /// Looks for rows that nobody handed over.
    pub(super) fn sweep(&mut self) {
        if self.sweeping || self.owned.is_empty() || self.active.len() > SWEEP_BELOW {
            return;
        }
        self.sweeping = true;
        let (log, shards, after) = (Arc::clone(&self.log), self.owned.to_vec(), self.sweep_after);
        self.work.push(Box::pin(async move {
            Done::Swept(within(log.behind(&shards, after, SWEEP_CHANNELS)).await)
        }));
    }

    pub(super) fn finish_sweep(&mut self, found: Result<Vec<Behind>, LogError>) {
        self.sweeping = false;
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "the channel log could not be searched");
                return;
            }
        };
        let now = Instant::now();
        let full = as_limit(found.len()) >= SWEEP_CHANNELS;
        self.sweep_after = found.last().filter(|_| full).map(|last| last.channel_id);
        for Behind { channel_id, published_seq, last_seq } in found {
            if !owns(self.owned, channel_id) {
                continue;
            }
            let lane = self.lanes.entry(channel_id).or_insert_with(|| {
                let mut lane = Lane::after(published_seq, now);
                lane.fall_behind();
                lane
            });
            lane.swept(last_seq);
            self.want_read(channel_id);
            self.active.insert(channel_id);
        }
        if full {
            self.sweep();
        }
    }

    /// Writes all marks in one statement, one statement at a time.
    pub(super) fn start_marks(&mut self, marks: Vec<(ChannelId, i64)>, locked: Locked) {
        if self.marking || marks.is_empty() {
            return;
        }
        self.marking = true;
        let log = Arc::clone(&self.log);
        self.work.push(Box::pin(async move {
            let marked = within(log.mark_published(&marks, locked)).await;
            let outcome = marked.map(|marked| match locked {
                Locked::Skip => marked,
                // What was waited for and is not there is not asked for again.
                Locked::Wait => marks.iter().map(|(channel_id, _)| *channel_id).collect(),
            });
            Done::Marked(marks, outcome)
        }));
    }

    /// What could not be marked is tried again by the next tick, with what was acknowledged since.
    pub(super) fn finish_marks(
        &mut self,
        marks: &[(ChannelId, i64)],
        outcome: Result<Vec<ChannelId>, LogError>,
    ) {
        self.marking = false;
        let marked: HashSet<ChannelId> = match outcome {
            Ok(marked) => marked.into_iter().collect(),
            Err(error) => {
                tracing::warn!(%error, channels = marks.len(), "published rows could not be marked");
                return;
            }
        };
        for (channel_id, seq) in marks {
            match self.lanes.get_mut(channel_id) {
                Some(lane) if marked.contains(channel_id) => lane.marked(*seq),
                Some(lane) => lane.passed_over(),
                None => {}
            }
        }
    }
}

async fn within<T>(work: impl Future<Output = Result<T, LogError>>) -> Result<T, LogError> {
    tokio::time::timeout(DATABASE_PATIENCE, work)
        .await
        .unwrap_or_else(|_elapsed| Err(Box::new(BusError::Deadline(DATABASE_PATIENCE))))
}

fn as_limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
