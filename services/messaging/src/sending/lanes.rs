//! Posts on their way into the database: a few statements at a time, one at most in each channel.
//!
//! The row lock of the channel's head lets posts through one by one in any case. So a post that finds its channel free, and
//! few statements under way, is stored at once, in its own request; what comes meanwhile waits here, without a connection,
//! and goes together in the next statement, whatever its channel. Nothing ever waits for company, and a busy process costs
//! a statement and a commit for many posts instead of one: what databases do with their commits (group commit).
//!
//! Posts that wait are stored also when their clients have gone: they may have been told nothing, but never that it failed.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use colink_core::error::ErrorKind;
use colink_core::id::ChannelId;
use colink_http::ApiError;
use colink_runtime::Lifecycle;
use colink_store::StoreError;
use colink_store::postgres::is_retryable;
use sqlx::PgPool;
use tokio::sync::oneshot;

use crate::error::Result;
use crate::metrics::Metrics;
use crate::sending::is_key_taken;
use crate::store::send::{self, NewPost, Posted};

/// Statements at a time: one runs while others wait for the disk. More would not be faster, and each would carry less.
const AT_ONCE: usize = 4;
/// Posts that go together at most.
const TOGETHER: usize = 64;
/// Posts that may wait in one channel: some ten statements. Whoever comes then is told to come again.
const WAITING: usize = 512;

/// The lanes of all channels in which a post is being stored. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Lanes(Arc<Inner>);

struct Inner {
    pool: PgPool,
    life: Lifecycle,
    metrics: Metrics,
    board: Mutex<Board>,
}

/// Who is stored and who waits.
#[derive(Default)]
struct Board {
    /// Statements under way.
    running: usize,
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

struct Waiting {
    post: Arc<NewPost>,
    answer: oneshot::Sender<Result<Option<Posted>>>,
}

enum Place {
    /// The channel is free.
    First(Turn),
    /// The answer comes with another statement.
    Behind(oneshot::Receiver<Result<Option<Posted>>>),
}

/// The right to run a statement in some channels. Whoever drops it lets those go on who wait.
struct Turn {
    lanes: Lanes,
    channels: Vec<ChannelId>,
}

impl Lanes {
    pub(crate) fn new(pool: PgPool, life: Lifecycle, metrics: Metrics) -> Self {
        Self(Arc::new(Inner { pool, life, metrics, board: Mutex::default() }))
    }

    /// Stores a post. None when nothing was stored: a key was used before, or the sender may not post or is not known here.
    ///
    /// # Errors
    /// 503 when too many wait in the channel, or the process stops; a failure of the database.
    pub(crate) async fn store(&self, post: &Arc<NewPost>) -> Result<Option<Posted>> {
        match self.enter(post)? {
            Place::First(turn) => {
                let stored = self.insert_one(post).await;
                drop(turn);
                stored
            }
            Place::Behind(answer) => answer.await.map_err(|dropped| stopping().caused_by(dropped))?,
        }
    }

    fn enter(&self, post: &Arc<NewPost>) -> Result<Place> {
        let channel_id = post.channel_id;
        let mut board = self.board();
        let free = board.running < AT_ONCE;
        let lane = board.lanes.entry(channel_id).or_default();
        if free && !lane.busy && lane.waiting.is_empty() {
            lane.busy = true;
            board.running += 1;
            return Ok(Place::First(Turn { lanes: self.clone(), channels: vec![channel_id] }));
        }
        if lane.waiting.len() >= WAITING {
            self.0.metrics.lane_full(channel_id);
            return Err(full().into());
        }
        let (answer, behind) = oneshot::channel();
        let is_ready = !lane.busy && lane.waiting.is_empty();
        lane.waiting.push_back(Waiting { post: Arc::clone(post), answer });
        if is_ready {
            board.ready.push_back(channel_id);
        }
        self.0.metrics.waiting().inc();
        Ok(Place::Behind(behind))
    }

    async fn insert_one(&self, post: &Arc<NewPost>) -> Result<Option<Posted>> {
        self.0.metrics.statement();
        match send::insert(&self.0.pool, std::slice::from_ref(post)).await {
            Ok(mut stored) => Ok(stored.pop().flatten()),
            Err(error) if is_key_taken(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores those who waited, and answers them.
    async fn store_waiting(self, turn: Turn, waiting: Vec<Waiting>) {
        let (posts, answers): (Vec<_>, Vec<_>) =
            waiting.into_iter().map(|one| (one.post, one.answer)).unzip();
        self.0.metrics.statement();
        let stored = send::insert(&self.0.pool, &posts).await;
        match stored {
            Ok(stored) => answers.into_iter().zip(stored).for_each(|(to, stored)| tell(to, Ok(stored))),
            // One of them stands in the way of the others, or two replicas met in the same channels.
            Err(error) if is_key_taken(&error) || is_retryable(&error) => {
                for (to, post) in answers.into_iter().zip(&posts) {
                    tell(to, self.insert_one(post).await);
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                answers.into_iter().for_each(|to| tell(to, Err(StoreError::from(Arc::clone(&error)).into())));
            }
        }
        drop(turn);
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        // Nothing that holds the lock can panic halfway through a change.
        self.0.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Lanes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lanes").finish_non_exhaustive()
    }
}

impl Board {
    /// A statement of these channels has ended.
    fn leave(&mut self, channels: &[ChannelId]) {
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
    }

    /// The posts of the next statement and their channels, none of which is busy. Empty when nobody waits. By channel, as
    /// their rows are to be locked.
    fn next(&mut self) -> (Vec<ChannelId>, Vec<Waiting>) {
        let (mut channels, mut together) = (Vec::new(), Vec::new());
        while together.len() < TOGETHER {
            let Some(channel_id) = self.ready.pop_front() else { break };
            let Some(lane) = self.lanes.get_mut(&channel_id) else { continue };
            let count = lane.waiting.len().min(TOGETHER - together.len());
            together.extend(lane.waiting.drain(..count));
            lane.busy = true;
            channels.push(channel_id);
        }
        if !together.is_empty() {
            self.running += 1;
        }
        together.sort_by_key(|waiting| waiting.post.channel_id);
        (channels, together)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (channels, waiting) = {
            let mut board = self.lanes.board();
            board.leave(&self.channels);
            board.next()
        };
        if waiting.is_empty() {
            return;
        }
        self.lanes.0.metrics.waiting().sub(i64::try_from(waiting.len()).unwrap_or_default());
        let turn = Self { lanes: self.lanes.clone(), channels };
        self.lanes.0.life.spawn_brief("posts", self.lanes.clone().store_waiting(turn, waiting));
    }
}

fn tell(to: oneshot::Sender<Result<Option<Posted>>>, stored: Result<Option<Posted>>) {
    if to.send(stored).is_err() {
        tracing::debug!("the client of a post has gone");
    }
}

fn full() -> ApiError {
    later("Too much is being posted in this channel; try again shortly.")
}

/// The answer was dropped with the process's last task: the post may have been stored, and its key will tell.
fn stopping() -> ApiError {
    later("This server is stopping; send the message again with the same key.")
}

fn later(message: &'static str) -> ApiError {
    ApiError::new(ErrorKind::ServiceUnavailable, message).retry_after(Duration::from_secs(1))
}
