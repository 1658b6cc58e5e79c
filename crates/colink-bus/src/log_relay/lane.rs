//! One channel's way through the relay. Pure: no clock, no I/O, so that every order of events can be tested.
//!
//! ```text
//!  offered ──> held (ordered by seq) ──> sent (no acknowledgement yet) ──> settled ──> marked in the log
//!                 │ too many: the highest is dropped, `behind` is set        │ failed: back to held
//!                 └ the log fills what is missing before the first held row
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::contiguous::Contiguous;
use crate::backoff::Backoff;

/// Rows that one channel may hold back; what is above is read from the log when its turn comes.
pub(super) const HELD_ROWS: usize = 1024;
/// Rows of one channel that wait for their acknowledgement: a partition without a leader must not take the whole of what may
/// be under way. A channel that is behind reads on when there are fewer.
const SENT_ROWS: usize = 512;
/// After so many reads without the missing rows, the log does not have them.
const BARREN_READS: u32 = 5;
/// So often a mark gives way to posts: about a second.
const PASSED_OVER: u32 = 20;

/// Why the log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Rows were dropped or never handed over.
    Behind,
    /// A row is missing in front of those that are held.
    Hole,
}

#[derive(Debug)]
pub(super) struct Lane<T> {
    /// The lowest number that has not been given to the producer.
    next: i64,
    held: BTreeMap<i64, T>,
    sent: BTreeMap<i64, T>,
    /// Those of `sent` that the broker has stored, and whose copies it has not.
    stored: BTreeSet<i64>,
    settled: Contiguous,
    marked: i64,
    /// How often the mark was left out since the last one.
    passed_over: u32,
    behind: bool,
    reading: bool,
    barren: u32,
    hole_since: Option<Instant>,
    blocked_until: Option<Instant>,
    failures: u32,
    swept: Option<i64>,
    queued: bool,
    used_at: Instant,
}

impl<T> Lane<T> {
    /// A channel of which everything up to and with `published` is stored by the broker.
    pub(super) fn after(published: i64, now: Instant) -> Self {
        Self {
            next: published + 1,
            held: BTreeMap::new(),
            sent: BTreeMap::new(),
            stored: BTreeSet::new(),
            settled: Contiguous::through(published),
            marked: published,
            passed_over: 0,
            behind: false,
            reading: false,
            barren: 0,
            hole_since: None,
            blocked_until: None,
            failures: 0,
            swept: None,
            queued: false,
            used_at: now,
        }
    }

    /// Learns that everything up to and with `published` is stored, whoever sent it.
    pub(super) fn learn(&mut self, published: i64) {
        if published >= self.next {
            self.next = published + 1;
            self.held = self.held.split_off(&self.next);
            self.sent.clear();
            self.stored.clear();
            self.settled.raise(published);
            self.marked = self.marked.max(published);
            self.hole_since = None;
        }
    }

    /// Takes a row in any order. Rows that were sent already, or are held, change nothing.
    pub(super) fn offer(&mut self, seq: i64, row: T, now: Instant) {
        self.used_at = now;
        if seq < self.next || self.held.contains_key(&seq) {
            return;
        }
        self.held.insert(seq, row);
        if self.held.len() > HELD_ROWS {
            self.held.pop_last();
            self.behind = true;
        }
    }

    /// The row to send now, if it is there.
    pub(super) fn ready(&self) -> Option<(i64, &T)> {
        let may_send = self.blocked_until.is_none() && self.unacknowledged() < SENT_ROWS;
        self.in_order().filter(|_| may_send)
    }

    /// The row that follows what was sent, if it is there.
    fn in_order(&self) -> Option<(i64, &T)> {
        self.held.first_key_value().filter(|(seq, _)| **seq == self.next).map(|(seq, row)| (*seq, row))
    }

    /// Whether the channel has to be put into the queue of those with a row to send; `true` once until
    /// [`dequeued`](Self::dequeued).
    pub(super) fn queue_up(&mut self) -> bool {
        let wanted = !self.queued && self.ready().is_some();
        self.queued |= wanted;
        wanted
    }

    /// The channel was taken out of that queue.
    pub(super) fn dequeued(&mut self) {
        self.queued = false;
    }

    /// The [`ready`](Self::ready) row was given to the producer.
    pub(super) fn sent(&mut self) {
        if let Some((seq, row)) = self.held.pop_first() {
            self.sent.insert(seq, row);
            self.next = seq + 1;
            // After a refusal, some of what follows is stored already.
            while self.settled.contains(self.next) {
                self.held.remove(&self.next);
                self.next += 1;
            }
            self.hole_since = None;
            self.barren = 0;
        }
    }

    /// A row that waits for its acknowledgement.
    pub(super) fn in_flight(&self, seq: i64) -> Option<&T> {
        self.sent.get(&seq)
    }

    /// The broker has stored the row. It stays in flight for its copy, which holds nothing up.
    pub(super) fn stored(&mut self, seq: i64) {
        if self.sent.contains_key(&seq) {
            self.stored.insert(seq);
        }
    }

    fn unacknowledged(&self) -> usize {
        self.sent.len() - self.stored.len()
    }

    /// The broker has stored the row, and its copy if there is one.
    pub(super) fn settle(&mut self, seq: i64) {
        self.stored.remove(&seq);
        if self.sent.remove(&seq).is_some() || self.held.contains_key(&seq) {
            self.settled.insert(seq);
            self.failures = 0;
        }
    }

    /// The broker refused the row: it and everything after it is sent again, after a pause.
    pub(super) fn failed(&mut self, seq: i64, now: Instant) {
        if !self.sent.contains_key(&seq) {
            return;
        }
        self.held.append(&mut self.sent.split_off(&seq));
        self.stored.retain(|stored| *stored < seq);
        self.next = seq;
        self.failures += 1;
        self.blocked_until = Some(now + Backoff::RETRY.after(self.failures));
    }

    /// Says that the sweep found the channel with `last_seq` rows in the log. What it sees twice in a row without progress
    /// was never handed over.
    pub(super) fn swept(&mut self, last_seq: i64) {
        if self.swept.is_some_and(|before| before >= self.next) {
            self.behind = true;
        }
        self.swept = (last_seq >= self.next).then_some(last_seq);
    }

    /// Says that rows are only in the log.
    pub(super) fn fall_behind(&mut self) {
        self.behind = true;
    }

    /// Whether the log has to be read, and why; `true` once per read.
    pub(super) fn wants_read(&mut self, now: Instant, patience: Duration) -> Option<Why> {
        if self.blocked_until.is_some_and(|until| until <= now) {
            self.blocked_until = None;
        }
        if self.reading || self.blocked_until.is_some() || self.in_order().is_some() {
            return None;
        }
        let why = if self.held.is_empty() {
            (self.behind && self.unacknowledged() < SENT_ROWS).then_some(Why::Behind)?
        } else {
            let since = *self.hole_since.get_or_insert(now);
            (self.behind || now.duration_since(since) >= patience).then_some(Why::Hole)?
        };
        self.reading = true;
        self.behind = false;
        Some(why)
    }

    /// Where the read begins: after this number.
    pub(super) fn read_after(&self) -> i64 {
        self.next - 1
    }

    /// Takes what the log gave. Returns how many numbers the log turned out not to have.
    pub(super) fn read(&mut self, rows: Vec<(i64, T)>, limit: usize, now: Instant) -> i64 {
        self.reading = false;
        self.behind |= rows.len() >= limit;
        for (seq, row) in rows {
            self.offer(seq, row, now);
        }
        if self.in_order().is_some() || self.held.is_empty() {
            return 0;
        }
        self.hole_since = Some(now);
        self.barren += 1;
        let first = self.held.first_key_value().map_or(self.next, |(seq, _)| *seq);
        if self.barren < BARREN_READS {
            return 0;
        }
        let missing = first - self.next;
        self.next = first;
        self.settled.raise(first - 1);
        missing
    }

    /// The read failed; it is tried again after a pause.
    pub(super) fn read_failed(&mut self, now: Instant) {
        self.reading = false;
        self.behind = true;
        self.failures += 1;
        self.blocked_until = Some(now + Backoff::OUTAGE.after(self.failures));
    }

    /// What may be marked as published and is not yet.
    pub(super) fn to_mark(&self) -> Option<i64> {
        (self.settled.end() > self.marked).then(|| self.settled.end())
    }

    /// The log has noted `seq` as published.
    pub(super) fn marked(&mut self, seq: i64) {
        self.marked = self.marked.max(seq);
        self.passed_over = 0;
    }

    /// The channel was locked, so its mark was left out.
    pub(super) fn passed_over(&mut self) {
        self.passed_over += 1;
    }

    /// Whether the mark was left out so often that it has to wait for the channel.
    pub(super) fn is_overdue(&self) -> bool {
        self.passed_over >= PASSED_OVER
    }

    /// Nothing is under way.
    pub(super) fn at_rest(&self) -> bool {
        self.held.is_empty()
            && self.sent.is_empty()
            && !self.behind
            && !self.reading
            && self.blocked_until.is_none()
            && self.to_mark().is_none()
    }

    /// At rest, and unused for `idle`.
    pub(super) fn is_stale(&self, now: Instant, idle: Duration) -> bool {
        self.at_rest() && now.duration_since(self.used_at) >= idle
    }
}

#[cfg(test)]
mod tests;
