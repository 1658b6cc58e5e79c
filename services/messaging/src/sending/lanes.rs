//! Posts on their way into the database: one statement at a time, and another where that takes long.
//!
//! A post that finds nothing under way is stored at once, in its own request; what comes meanwhile waits here, without a
//! connection, and goes together in the next statement, whatever its channel. Nothing ever waits for company, and a busy
//! process costs a statement and a commit for many posts instead of one: what databases do with their commits (group commit).
//! A statement that waits for a lock or a slow disk holds up its own channels only: whoever has waited long starts the next.
//!
//! Posts that wait are stored also when their clients have gone: they may have been told nothing, but never that it failed.

mod board;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use colink_core::error::ErrorKind;
use colink_core::id::ChannelId;
use colink_http::ApiError;
use colink_runtime::Lifecycle;
use colink_store::StoreError;
use colink_store::postgres::{OwnConnections, is_retryable};
use tokio::sync::oneshot;
use tokio::time::timeout;

use self::board::{Board, Entry, Next, PATIENCE, Waiting};
use crate::error::Result;
use crate::metrics::Metrics;
use crate::sending::is_key_taken;
use crate::store::send::{self, NewPost, Posted};

/// The lanes of all channels in which a post is being stored, as one worker sees them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Lanes {
    shared: Arc<Shared>,
    /// The worker's, for posts that are stored in their own request.
    connections: Arc<OwnConnections>,
}

struct Shared {
    life: Lifecycle,
    /// Of the process's own runtime, which outlives the workers: for posts that go together, whosever they are.
    connections: OwnConnections,
    metrics: Metrics,
    board: Mutex<Board>,
}

/// The right to run a statement in some channels. Whoever drops it lets those go on who wait.
struct Turn {
    lanes: Lanes,
    channels: Vec<ChannelId>,
}

impl Lanes {
    pub(crate) fn new(connections: OwnConnections, life: Lifecycle, metrics: Metrics) -> Self {
        let own = Arc::new(connections.sibling());
        Self {
            shared: Arc::new(Shared { life, connections, metrics, board: Mutex::default() }),
            connections: own,
        }
    }

    /// The same lanes for another worker, which has its own connections.
    pub(crate) fn for_worker(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), connections: Arc::new(self.connections.sibling()) }
    }

    /// Stores a post. None when nothing was stored: a key was used before, or the sender may not post or is not known here.
    ///
    /// # Errors
    /// 503 when too many wait in the channel, or the process stops; a failure of the database.
    pub(crate) async fn store(&self, post: &Arc<NewPost>) -> Result<Option<Posted>> {
        let channel_id = post.channel_id;
        let entry = self.board().enter(post);
        match entry {
            Entry::First => {
                let turn = Turn { lanes: self.clone(), channels: vec![channel_id] };
                let stored = self.shared.insert_one(&self.connections, post).await;
                drop(turn);
                stored
            }
            Entry::Behind(answer) => {
                self.shared.metrics.waiting().inc();
                self.wait(answer).await
            }
            Entry::Full => {
                self.shared.metrics.lane_full(channel_id);
                Err(full().into())
            }
        }
    }

    /// The answer of another statement. As long as it does not come, the one that runs may be held up.
    async fn wait(&self, mut answer: oneshot::Receiver<Result<Option<Posted>>>) -> Result<Option<Posted>> {
        loop {
            match timeout(PATIENCE, &mut answer).await {
                Ok(stored) => return stored.map_err(|dropped| stopping().caused_by(dropped))?,
                Err(_elapsed) => {
                    let next = self.board().overtake();
                    self.start(next);
                }
            }
        }
    }

    fn start(&self, next: Next) {
        if next.posts.is_empty() {
            return;
        }
        self.shared.metrics.waiting().sub(i64::try_from(next.posts.len()).unwrap_or_default());
        let turn = Turn { lanes: self.clone(), channels: next.channels };
        self.shared.life.spawn_brief("posts", self.clone().store_waiting(turn, next.posts));
    }

    /// Stores those who waited, and answers them.
    async fn store_waiting(self, turn: Turn, waiting: Vec<Waiting>) {
        let (posts, answers): (Vec<_>, Vec<_>) =
            waiting.into_iter().map(|one| (one.post, one.answer)).unzip();
        let connections = &self.shared.connections;
        match self.shared.insert(connections, &posts).await {
            Ok(stored) => answers.into_iter().zip(stored).for_each(|(to, stored)| tell(to, Ok(stored))),
            // One of them stands in the way of the others, or two replicas met in the same channels.
            Err(error) if is_key_taken(&error) || is_retryable(&error) => {
                for (to, post) in answers.into_iter().zip(&posts) {
                    tell(to, self.shared.insert_one(connections, post).await);
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

impl Shared {
    async fn insert(
        &self,
        connections: &OwnConnections,
        posts: &[Arc<NewPost>],
    ) -> std::result::Result<Vec<Option<Posted>>, sqlx::Error> {
        self.metrics.statement();
        let mut connection = connections.lend().await?;
        let stored = timeout(connections.answer_limit(), send::insert(&mut connection, posts)).await;
        let stored = stored.map_err(|elapsed| sqlx::Error::Io(elapsed.into()))?;
        // Of a connection with any other failure it is not known what it is still good for.
        if stored.as_ref().err().is_none_or(|error| is_key_taken(error) || is_retryable(error)) {
            connections.give_back(connection);
        }
        stored
    }

    async fn insert_one(&self, connections: &OwnConnections, post: &Arc<NewPost>) -> Result<Option<Posted>> {
        match self.insert(connections, std::slice::from_ref(post)).await {
            Ok(mut stored) => Ok(stored.pop().flatten()),
            Err(error) if is_key_taken(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl std::fmt::Debug for Lanes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lanes").finish_non_exhaustive()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = self.lanes.board().leave(&self.channels);
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
