//! Who is stored and who waits, and who goes next. Pure but for the clock: no I/O.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use colink_core::id::ChannelId;
use tokio::sync::oneshot;

use crate::error::Result;
use crate::store::send::{NewPost, Posted};

/// Statements at a time at most, one in each channel.
const AT_ONCE: usize = 4;
/// How long a statement runs before another may begin: several times what one takes that waits for nothing.
pub(super) const PATIENCE: Duration = Duration::from_millis(20);
/// Posts that go together at most.
const TOGETHER: usize = 64;
/// Posts that may wait in one channel: some ten statements. Whoever comes then is told to come again.
const WAITING: usize = 512;

/// Who is stored and who waits.
#[derive(Default)]
pub(super) struct Board {
    /// Statements under way.
    running: usize,
    /// When the last one began.
    begun: Option<Instant>,
    lanes: HashMap<ChannelId, Lane>,
    /// Channels in which posts wait and no statement runs, the longest waiting first.
    ready: VecDeque<ChannelId>,
}

/// A channel with posts.
#[derive(Default)]
struct Lane {
    /// A statement of it runs.
    busy: bool,
    waiting: VecDeque<Waiting>,
}

/// A post that waits, and where its answer goes.
pub(super) struct Waiting {
    pub(super) post: Arc<NewPost>,
    pub(super) answer: oneshot::Sender<Result<Option<Posted>>>,
}

/// What becomes of a post that comes.
pub(super) enum Entry {
    /// It is stored at once, by a statement of its own.
    First,
    /// The answer comes with another statement.
    Behind(oneshot::Receiver<Result<Option<Posted>>>),
    /// Too many wait in its channel.
    Full,
}

/// The posts of the next statement and their channels, none of which is busy.
#[derive(Default)]
pub(super) struct Next {
    pub(super) channels: Vec<ChannelId>,
    /// By channel, as their rows are to be locked. Empty when nobody waits.
    pub(super) posts: Vec<Waiting>,
}

impl Board {
    pub(super) fn enter(&mut self, post: &Arc<NewPost>) -> Entry {
        let channel_id = post.channel_id;
        let is_first = self.running == 0;
        let lane = self.lanes.entry(channel_id).or_default();
        if is_first {
            lane.busy = true;
            self.begin();
            return Entry::First;
        }
        if lane.waiting.len() >= WAITING {
            return Entry::Full;
        }
        let (answer, behind) = oneshot::channel();
        if !lane.busy && lane.waiting.is_empty() {
            self.ready.push_back(channel_id);
        }
        lane.waiting.push_back(Waiting { post: Arc::clone(post), answer });
        Entry::Behind(behind)
    }

    /// Those for whom another statement may begin beside the ones that run, because the last takes long.
    pub(super) fn overtake(&mut self) -> Next {
        let may = self.running < AT_ONCE && self.begun.is_none_or(|begun| begun.elapsed() >= PATIENCE);
        if may { self.next() } else { Next::default() }
    }

    /// A statement of these channels has ended. Answers who goes next.
    pub(super) fn leave(&mut self, channels: &[ChannelId]) -> Next {
        self.running -= 1;
        for channel_id in channels {
            let Some(lane) = self.lanes.get_mut(channel_id) else { continue };
            lane.busy = false;
            if lane.waiting.is_empty() {
                self.lanes.remove(channel_id);
            } else {
                self.ready.push_back(*channel_id);
            }
        }
        if self.running == 0 { self.next() } else { self.overtake() }
    }

    fn begin(&mut self) {
        self.running += 1;
        self.begun = Some(Instant::now());
    }

    fn next(&mut self) -> Next {
        let mut next = Next::default();
        while next.posts.len() < TOGETHER {
            let Some(channel_id) = self.ready.pop_front() else { break };
            let Some(lane) = self.lanes.get_mut(&channel_id) else { continue };
            let count = lane.waiting.len().min(TOGETHER - next.posts.len());
            next.posts.extend(lane.waiting.drain(..count));
            lane.busy = true;
            next.channels.push(channel_id);
        }
        if !next.posts.is_empty() {
            self.begin();
        }
        next.posts.sort_by_key(|waiting| waiting.post.channel_id);
        next
    }
}
