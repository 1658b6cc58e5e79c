//! A socket's place in a room: what waits for it, or how far it was told.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Arc;

use bytestring::ByteString;
use uuid::Uuid;

use super::socket::Socket;

/// Events that may wait while one follower catches up, and their bytes.
const BACKLOG_LIMIT: usize = 4096;
const BACKLOG_BYTES: usize = 4 * 1024 * 1024;

/// One following of a channel by a socket. A later one of the same socket is greater and never equal, so that whoever
/// gives his place up takes no other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    socket: Uuid,
    number: u64,
}

impl Place {
    pub(super) fn new(socket: Uuid, number: u64) -> Self {
        Self { socket, number }
    }

    /// Every place that a socket may have.
    pub(super) fn all_of(socket: Uuid) -> RangeInclusive<Self> {
        Self::new(socket, 0)..=Self::new(socket, u64::MAX)
    }

    /// Whose it is.
    pub(super) fn socket(self) -> Uuid {
        self.socket
    }
}

/// Who has a place, and how far it is.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) socket: Arc<Socket>,
    pub(super) progress: Progress,
}

impl Follower {
    /// One that has yet to catch up.
    pub(super) fn new(socket: &Arc<Socket>) -> Self {
        Self { socket: Arc::clone(socket), progress: Progress::CatchingUp(Backlog::default()) }
    }
}

#[derive(Debug)]
pub(super) enum Progress {
    CatchingUp(Backlog),
    Live { cursor: i64 },
}

/// Events that wait for one follower.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    events: VecDeque<(i64, ByteString)>,
    bytes: usize,
}

impl Backlog {
    /// Keeps an event; false when there is no more room.
    pub(super) fn keep(&mut self, seq: i64, frame: &ByteString) -> bool {
        self.bytes += frame.len();
        self.events.push_back((seq, frame.clone()));
        self.events.len() <= BACKLOG_LIMIT && self.bytes <= BACKLOG_BYTES
    }

    /// Lets go of what the follower has; answers the first number that is left.
    pub(super) fn first_behind(&mut self, cursor: i64) -> Option<i64> {
        while self.events.front().is_some_and(|(seq, _)| *seq <= cursor) {
            self.bytes -= self.events.pop_front().map_or(0, |(_, frame)| frame.len());
        }
        self.events.front().map(|(seq, _)| *seq)
    }

    pub(super) fn take(&mut self) -> Vec<(i64, ByteString)> {
        self.bytes = 0;
        self.events.drain(..).collect()
    }
}
