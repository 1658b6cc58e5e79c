//! One channel on this node: its events in order, and the sockets that follow it.
//!
//! A follower is placed before its catch-up query runs ("subscribe, then read"). Until it has caught up
//! the room's events wait in its backlog; then it is live and every event goes straight to its queue.
//! The room's stream has no hole (see [`crate::domain::ordering`]), so a live follower's neither.
//!
//! A socket has a place for each time that it asked to follow, until the newest leads. Nothing of the channel goes to a
//! socket but under the room's lock and while its place stands, catch-up included. So whoever is taken out of the room
//! gets nothing more, and of two streams to one socket the older ends before the newer begins.

use std::collections::BTreeMap;
use std::ops::RangeBounds;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytestring::ByteString;
use colink_core::id::{ChannelId, UserId};
use uuid::Uuid;

use super::close::Close;
use super::place::{Follower, Place, Progress};
use super::socket::{Slot, Socket};
use crate::domain::frame::ServerFrame;
use crate::domain::ordering::{Ordering, Step};

/// A channel that somebody on this node follows.
#[derive(Debug)]
pub struct Room {
    channel_id: ChannelId,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    ordering: Ordering<ByteString>,
    followers: BTreeMap<Place, Follower>,
    /// A fetch of a hole is under way.
    fetching: bool,
    /// A head that messaging reported and that had not come by then.
    awaited_head: Option<i64>,
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
        Self { channel_id, inner: Mutex::default() }
    }

    /// The channel.
    pub fn channel_id(&self) -> ChannelId {
        self.channel_id
    }

    /// Places a socket that has yet to catch up.
    pub(super) fn place(&self, socket: &Arc<Socket>) -> Place {
        let mut inner = self.inner();
        let place = socket.next_place();
        inner.followers.insert(place, Follower::new(socket));
        place
    }

    /// Takes one place away; true if its socket has no other.
    pub(super) fn give_up(&self, place: Place) -> bool {
        let mut inner = self.inner();
        inner.followers.remove(&place);
        !inner.has(place.socket())
    }

    /// Takes every place of a socket away; true if it had one.
    pub(super) fn remove(&self, socket: Uuid) -> bool {
        let mut inner = self.inner();
        let had = inner.has(socket);
        inner.end(Place::all_of(socket));
        had
    }

    /// Whether a socket has a place.
    pub(super) fn has(&self, socket: Uuid) -> bool {
        self.inner().has(socket)
    }

    /// Whether the place is still there.
    pub fn stands(&self, place: Place) -> bool {
        self.inner().followers.contains_key(&place)
    }

    /// The stream of this place begins: what its socket followed before ends. False when the place is gone.
    pub fn lead(&self, place: Place) -> bool {
        let mut inner = self.inner();
        let stands = inner.followers.contains_key(&place);
        if stands {
            let first = *Place::all_of(place.socket()).start();
            inner.end(first..place);
        }
        stands
    }

    /// Sends a frame of a catch-up; false when the place is gone, or the socket closes.
    pub fn send(&self, place: Place, slot: Slot<'_>, frame: ByteString) -> bool {
        let inner = self.inner();
        inner.followers.contains_key(&place) && slot.send(frame)
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
    pub fn catch_up(&self, place: Place, cursor: i64) -> CatchUp {
        let mut inner = self.inner();
        let behind = inner.ordering.last().is_some_and(|last| last > cursor);
        let Some(follower) = inner.followers.get_mut(&place) else { return CatchUp::Removed };
        let Progress::CatchingUp(backlog) = &mut follower.progress else { return CatchUp::Done };
        match backlog.first_behind(cursor) {
            Some(seq) if seq == cursor + 1 => CatchUp::Send(backlog.take()),
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
            if follower.socket.user_id() != user && follower.socket.followed().contains(self.channel_id) {
                follower.socket.push_ephemeral(frame.clone());
            }
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn has(&self, socket: Uuid) -> bool {
        self.followers.range(Place::all_of(socket)).next().is_some()
    }

    fn end(&mut self, places: impl RangeBounds<Place>) {
        let ended: Vec<Place> = self.followers.range(places).map(|(place, _)| *place).collect();
        for place in ended {
            self.followers.remove(&place);
        }
    }

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
