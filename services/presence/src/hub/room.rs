//! One channel on this node: its events in order, and the sockets that follow it.
//!
//! A follower is placed before its catch-up query runs ("subscribe, then read"). Until it has caught up
//! the room's events wait in its backlog; then it is live and every event goes straight to its queue.
//! The room's stream has no hole (see [`crate::domain::ordering`]), so a live follower's neither.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytestring::ByteString;
use colink_core::id::{ChannelId, UserId, WorkspaceId};
use uuid::Uuid;

use super::close::Close;
use super::socket::Socket;
use crate::domain::frame::ServerFrame;
use crate::domain::ordering::{Ordering, Step};

/// Events that may wait while one follower catches up, and their bytes.
const BACKLOG_LIMIT: usize = 4096;
const BACKLOG_BYTES: usize = 4 * 1024 * 1024;

/// A channel that somebody on this node follows.
#[derive(Debug)]
pub struct Room {
    channel_id: ChannelId,
    /// Known once the first follower's right was checked.
    workspace_id: OnceLock<WorkspaceId>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    ordering: Ordering<ByteString>,
    followers: HashMap<Uuid, Follower>,
    /// A fetch of a hole is under way.
    fetching: bool,
    /// A head that messaging reported and that had not come by then.
    awaited_head: Option<i64>,
}

#[derive(Debug)]
struct Follower {
    socket: Arc<Socket>,
    progress: Progress,
}

#[derive(Debug)]
enum Progress {
    CatchingUp(Backlog),
    Live { cursor: i64 },
}

/// Events that wait for one follower.
#[derive(Debug, Default)]
struct Backlog {
    events: VecDeque<(i64, ByteString)>,
    bytes: usize,
}

impl Backlog {
    /// Keeps an event; false when there is no more room.
    fn keep(&mut self, seq: i64, frame: &ByteString) -> bool {
        self.bytes += frame.len();
        self.events.push_back((seq, frame.clone()));
        self.events.len() <= BACKLOG_LIMIT && self.bytes <= BACKLOG_BYTES
    }

    fn drop_through(&mut self, cursor: i64) {
        while self.events.front().is_some_and(|(seq, _)| *seq <= cursor) {
            self.bytes -= self.events.pop_front().map_or(0, |(_, frame)| frame.len());
        }
    }

    fn take(&mut self) -> Vec<(i64, ByteString)> {
        self.bytes = 0;
        self.events.drain(..).collect()
    }
}

/// What a follower that catches up is to do next.
#[derive(Debug)]
pub enum CatchUp {
    /// Send these, then ask again.
    Send(Vec<(i64, ByteString)>),
    /// Read the log on from its cursor: it does not reach the room's events yet.
    ReadOn,
    /// It is live.
    Done,
    /// It was taken out of the room meanwhile.
    Removed,
}

/// A stretch of events that is missing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    /// The last event delivered.
    pub after: i64,
    /// The last event missing.
    pub to: i64,
}

impl Room {
    /// An empty room.
    pub fn new(channel_id: ChannelId) -> Self {
        Self { channel_id, workspace_id: OnceLock::new(), inner: Mutex::default() }
    }

    /// The channel.
    pub fn channel_id(&self) -> ChannelId {
        self.channel_id
    }

    /// Its workspace, once known.
    pub fn workspace_id(&self) -> Option<WorkspaceId> {
        self.workspace_id.get().copied()
    }

    /// Notes the workspace; a channel never changes it.
    pub fn belongs_to(&self, workspace: WorkspaceId) {
        self.workspace_id.get_or_init(|| workspace);
    }

    /// Places a follower that has yet to catch up. One that follows already starts anew.
    pub fn place(&self, socket: &Arc<Socket>) {
        let follower =
            Follower { socket: Arc::clone(socket), progress: Progress::CatchingUp(Backlog::default()) };
        self.inner().followers.insert(socket.id(), follower);
    }

    /// Takes a follower out; true if it was there.
    pub fn remove(&self, socket: Uuid) -> bool {
        self.inner().followers.remove(&socket).is_some()
    }

    /// Whether nobody follows.
    pub fn is_empty(&self) -> bool {
        self.inner().followers.is_empty()
    }

    /// Sets the baseline, once: the channel's head as messaging knows it.
    pub fn begin(&self, head: i64) -> Option<Hole> {
        let mut inner = self.inner();
        let step = inner.ordering.begin(head);
        inner.take(step)
    }

    /// Takes an event of this channel. A hole is returned once, to be fetched by the caller.
    pub fn offer(&self, seq: i64, frame: ByteString) -> Option<Hole> {
        let mut inner = self.inner();
        let step = inner.ordering.offer(seq, frame);
        inner.take(step)
    }

    /// Gives a hole up and tells the followers where it is.
    pub fn skip(&self, hole: Hole) -> Option<Hole> {
        let mut inner = self.inner();
        let gap = ServerFrame::Gap { channel_id: self.channel_id, from: hole.after + 1, to: hole.to }.text();
        for follower in inner.followers.values_mut() {
            if let Progress::Live { cursor } = &mut follower.progress
                && *cursor < hole.to
            {
                follower.socket.push_sequenced(gap.clone());
                *cursor = hole.to;
            }
        }
        let step = inner.ordering.skip_to(hole.to);
        inner.take(step)
    }

    /// The fetch of a hole has ended; what is still missing is the caller's to fetch again or to give up.
    pub fn fetched(&self) -> Option<Hole> {
        let mut inner = self.inner();
        let hole = inner.ordering.hole().map(|(after, before)| Hole { after, to: before - 1 });
        inner.fetching = hole.is_some();
        hole
    }

    /// Lets the room report its hole again: nobody is fetching it.
    pub fn report_again(&self) {
        self.inner().fetching = false;
    }

    /// Compares with the head that messaging reports. An event that was missing at the last check too is
    /// lost on the way here, and its hole is returned.
    pub fn check_head(&self, head: i64) -> Option<Hole> {
        let mut inner = self.inner();
        let last = inner.ordering.last()?;
        let overdue = inner.awaited_head.filter(|&awaited| awaited > last);
        inner.awaited_head = (head > last).then_some(head);
        match overdue {
            Some(to) if !inner.fetching => {
                inner.fetching = true;
                Some(Hole { after: last, to })
            }
            _ => None,
        }
    }

    /// What a follower whose client holds `cursor` is to do next.
    pub fn catch_up(&self, socket: Uuid, cursor: i64) -> CatchUp {
        let mut inner = self.inner();
        let behind = inner.ordering.last().is_some_and(|last| last > cursor);
        let Some(follower) = inner.followers.get_mut(&socket) else { return CatchUp::Removed };
        let Progress::CatchingUp(backlog) = &mut follower.progress else { return CatchUp::Done };
        backlog.drop_through(cursor);
        match backlog.events.front() {
            Some((seq, _)) if *seq == cursor + 1 => CatchUp::Send(backlog.take()),
            Some(_) => CatchUp::ReadOn,
            None if behind => CatchUp::ReadOn,
            None => {
                follower.progress = Progress::Live { cursor };
                CatchUp::Done
            }
        }
    }

    /// Says something passing to every follower but one user. A follower whose right is still being asked for
    /// is not told.
    pub fn tell_others(&self, user: UserId, frame: &ByteString) {
        for follower in self.inner().followers.values() {
            if follower.socket.user_id() != user && follower.socket.follows(self.channel_id) {
                follower.socket.push_ephemeral(frame.clone());
            }
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn take(&mut self, step: Step<ByteString>) -> Option<Hole> {
        match step {
            Step::Nothing => None,
            Step::Deliver(events) => {
                for (seq, frame) in events {
                    self.deliver(seq, &frame);
                }
                self.ordering.hole().and_then(|(after, before)| self.report(after, before))
            }
            Step::Missing { after, before } => self.report(after, before),
        }
    }

    fn report(&mut self, after: i64, before: i64) -> Option<Hole> {
        let first = !std::mem::replace(&mut self.fetching, true);
        first.then_some(Hole { after, to: before - 1 })
    }

    fn deliver(&mut self, seq: i64, frame: &ByteString) {
        for follower in self.followers.values_mut() {
            match &mut follower.progress {
                Progress::Live { cursor } if *cursor < seq => {
                    *cursor = seq;
                    follower.socket.push_sequenced(frame.clone());
                }
                Progress::Live { .. } => {}
                Progress::CatchingUp(backlog) => {
                    if !backlog.keep(seq, frame) {
                        follower.socket.close(Close::TooSlow);
                    }
                }
            }
        }
    }
}
