//! The posts of a channel, one statement after the other.
//!
//! The row lock of the channel's head lets them through one by one in any case. So a post that finds its channel free is
//! stored at once, in its own request; what comes while a statement runs waits here, without a connection, and goes
//! together in the next one. Nothing ever waits for company, and a busy channel costs a statement and a commit for many posts
//! instead of one.
//!
//! Posts that wait are stored also when their clients have gone: they may have been told nothing, but never that it failed.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use colink_core::error::ErrorKind;
use colink_core::id::ChannelId;
use colink_http::ApiError;
use colink_runtime::Lifecycle;
use colink_store::StoreError;
use sqlx::PgPool;
use tokio::sync::oneshot;

use crate::error::Result;
use crate::metrics::Metrics;
use crate::sending::is_key_taken;
use crate::store::send::{self, NewPost, Posted};

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
    /// A channel has an entry while a statement of its runs.
    busy: Mutex<HashMap<ChannelId, VecDeque<Waiting>>>,
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

/// The right to run a statement in a channel. Whoever drops it lets those go on who wait.
struct Turn {
    lanes: Lanes,
    channel_id: ChannelId,
}

impl Lanes {
    pub(crate) fn new(pool: PgPool, life: Lifecycle, metrics: Metrics) -> Self {
        Self(Arc::new(Inner { pool, life, metrics, busy: Mutex::default() }))
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
        match self.busy().entry(channel_id) {
            Entry::Vacant(free) => {
                free.insert(VecDeque::new());
                Ok(Place::First(Turn { lanes: self.clone(), channel_id }))
            }
            Entry::Occupied(lane) if lane.get().len() >= WAITING => {
                self.0.metrics.lane_full(channel_id);
                Err(full().into())
            }
            Entry::Occupied(mut lane) => {
                let (answer, behind) = oneshot::channel();
                self.0.metrics.waiting().inc();
                lane.get_mut().push_back(Waiting { post: Arc::clone(post), answer });
                Ok(Place::Behind(behind))
            }
        }
    }

    async fn insert_one(&self, post: &Arc<NewPost>) -> Result<Option<Posted>> {
        self.0.metrics.statement();
        match send::insert(&self.0.pool, post.channel_id, std::slice::from_ref(post)).await {
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
        let stored = send::insert(&self.0.pool, turn.channel_id, &posts).await;
        match stored {
            Ok(stored) => answers.into_iter().zip(stored).for_each(|(to, stored)| tell(to, Ok(stored))),
            Err(error) if is_key_taken(&error) => {
                // One of them stands in the way of the others.
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

    fn busy(&self) -> MutexGuard<'_, HashMap<ChannelId, VecDeque<Waiting>>> {
        // Nothing that holds the lock can panic halfway through a change.
        self.0.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Lanes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lanes").finish_non_exhaustive()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut busy = self.lanes.busy();
        let Entry::Occupied(mut lane) = busy.entry(self.channel_id) else { return };
        let count = lane.get().len().min(TOGETHER);
        if count == 0 {
            lane.remove();
            return;
        }
        let waiting: Vec<_> = lane.get_mut().drain(..count).collect();
        drop(busy);
        self.lanes.0.metrics.waiting().sub(i64::try_from(count).unwrap_or_default());
        let turn = Self { lanes: self.lanes.clone(), channel_id: self.channel_id };
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
