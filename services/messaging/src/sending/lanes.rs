//! Posts on their way into the database: one statement at a time, and another where that takes long.
//!
//! A post that finds nothing under way is stored at once, in its own request; what comes meanwhile waits here, without a
//! connection, and goes together in the next statement, whatever its channel. Nothing ever waits for company, and a busy
//! process costs a statement and a commit for many posts instead of one: what databases do with their commits (group commit).
//! A statement that waits for a lock or a slow disk holds up its own channels only: whoever has waited long starts the next.
//!
//! Posts that wait are stored also when their clients have gone: they may have been told nothing, but never that it failed.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use colink_core::error::ErrorKind;
use colink_core::id::ChannelId;
use colink_http::ApiError;
use colink_runtime::Lifecycle;
use colink_store::StoreError;
use colink_store::postgres::{OwnConnections, is_retryable};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::error::Result;
use crate::metrics::Metrics;
use crate::sending::is_key_taken;
use crate::store::send::{self, NewPost, Posted};

/// Statements at a time at most, one in each channel.
const AT_ONCE: usize = 4;
/// How long a statement runs before another may begin: several times what one takes that waits for nothing.
const PATIENCE: Duration = Duration::from_millis(20);
/// Posts that go together at most.
const TOGETHER: usize = 64;
/// Posts that may wait in one channel: some ten statements. Whoever comes then is told to come again.
const WAITING: usize = 512;

/// The lanes of all channels in which a post is being stored, as one thread sees them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Lanes {
    shared: Arc<Shared>,
    connections: Arc<OwnConnections>,
}

struct Shared {
    life: Lifecycle,
    metrics: Metrics,
    board: Mutex<Board>,
}

/// Who is stored and who waits.
#[derive(Default)]
struct Board {
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
    pub(crate) fn new(connections: OwnConnections, life: Lifecycle, metrics: Metrics) -> Self {
        let shared = Arc::new(Shared { life, metrics, board: Mutex::default() });
        Self { shared, connections: Arc::new(connections) }
    }

    /// The same lanes for another thread, which has its own connections.
    pub(crate) fn for_thread(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), connections: Arc::new(self.connections.sibling()) }
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
            Place::Behind(answer) => self.wait(answer).await,
        }
    }

    fn enter(&self, post: &Arc<NewPost>) -> Result<Place> {
        let channel_id = post.channel_id;
        let mut board = self.board();
        let is_first = board.running == 0;
        let lane = board.lanes.entry(channel_id).or_default();
        if is_first {
            lane.busy = true;
            board.begin();
            return Ok(Place::First(Turn { lanes: self.clone(), channels: vec![channel_id] }));
        }
        if lane.waiting.len() >= WAITING {
            self.shared.metrics.lane_full(channel_id);
            return Err(full().into());
        }
        let (answer, behind) = oneshot::channel();
        let is_ready = !lane.busy && lane.waiting.is_empty();
        lane.waiting.push_back(Waiting { post: Arc::clone(post), answer });
        if is_ready {
            board.ready.push_back(channel_id);
        }
        self.shared.metrics.waiting().inc();
        Ok(Place::Behind(behind))
    }

    /// The answer of another statement. As long as it does not come, the one that runs may be held up.
    async fn wait(&self, mut answer: oneshot::Receiver<Result<Option<Posted>>>) -> Result<Option<Posted>> {
        loop {
            match timeout(PATIENCE, &mut answer).await {
                Ok(stored) => return stored.map_err(|dropped| stopping().caused_by(dropped))?,
                Err(_elapsed) => self.overtake(),
            }
        }
    }

    /// Begins another statement if the last one takes long.
    fn overtake(&self) {
        let mut board = self.board();
        if board.may_overtake() {
            let next = board.next();
            drop(board);
            self.start(next);
        }
    }

    /// Stores posts on this thread, if there are any.
    fn start(&self, (channels, waiting): (Vec<ChannelId>, Vec<Waiting>)) {
        if waiting.is_empty() {
            return;
        }
        self.shared.metrics.waiting().sub(i64::try_from(waiting.len()).unwrap_or_default());
        let turn = Turn { lanes: self.clone(), channels };
        self.shared.life.spawn_brief_here("posts", self.clone().store_waiting(turn, waiting));
    }

    async fn insert(&self, posts: &[Arc<NewPost>]) -> std::result::Result<Vec<Option<Posted>>, sqlx::Error> {
        self.shared.metrics.statement();
        let mut connection = self.connections.lend().await?;
        let stored = timeout(self.connections.answer_limit(), send::insert(&mut connection, posts)).await;
        let stored = stored.map_err(|elapsed| sqlx::Error::Io(elapsed.into()))?;
        // Of a connection with any other failure it is not known what it is still good for.
        if stored.as_ref().err().is_none_or(|error| is_key_taken(error) || is_retryable(error)) {
            self.connections.give_back(connection);
        }
        stored
    }

    async fn insert_one(&self, post: &Arc<NewPost>) -> Result<Option<Posted>> {
        match self.insert(std::slice::from_ref(post)).await {
            Ok(mut stored) => Ok(stored.pop().flatten()),
            Err(error) if is_key_taken(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores those who waited, and answers them.
    async fn store_waiting(self, turn: Turn, waiting: Vec<Waiting>) {
        let (posts, answers): (Vec<_>, Vec<_>) =
            waiting.into_iter().map(|one| (one.post, one.answer)).unzip();
        match self.insert(&posts).await {
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
        self.shared.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Lanes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lanes").finish_non_exhaustive()
    }
}

impl Board {
    fn begin(&mut self) {
        self.running += 1;
        self.begun = Some(Instant::now());
    }

    /// Whether another statement may run beside those that do.
    fn may_overtake(&self) -> bool {
        self.running < AT_ONCE && self.begun.is_none_or(|begun| begun.elapsed() >= PATIENCE)
    }

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
            self.begin();
        }
        together.sort_by_key(|waiting| waiting.post.channel_id);
        (channels, together)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut board = self.lanes.board();
            board.leave(&self.channels);
            if board.running == 0 || board.may_overtake() { board.next() } else { Default::default() }
        };
        self.lanes.start(next);
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
