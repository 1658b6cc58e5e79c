//! The jobs that this process runs at the moment.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::store::Hold;

#[derive(Default)]
pub(super) struct Running {
    tasks: JoinSet<()>,
    held: HashMap<Id, (&'static str, Hold)>,
}

impl Running {
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// How many of a kind.
    pub(super) fn of_kind(&self, kind: &str) -> usize {
        self.held.values().filter(|(other, _)| *other == kind).count()
    }

    pub(super) fn ids(&self) -> Vec<Uuid> {
        self.held.values().map(|(_, hold)| hold.id).collect()
    }

    /// Runs a job on a task of its own. Dropping `self` drops the task.
    pub(super) fn start(
        &mut self,
        kind: &'static str,
        hold: Hold,
        job: impl Future<Output = ()> + Send + 'static,
    ) {
        let task = self.tasks.spawn(job);
        self.held.insert(task.id(), (kind, hold));
    }

    /// Waits until one ends; for ever when none runs.
    pub(super) async fn ended(&mut self) {
        let Some(ended) = self.tasks.join_next_with_id().await else { return std::future::pending().await };
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => error.id(),
        };
        self.held.remove(&id);
    }

    /// Lets the jobs finish for at most `patience`, cuts the others off and says which these were.
    pub(super) async fn finish(mut self, patience: Duration) -> Vec<Hold> {
        let end = Instant::now() + patience;
        while !self.held.is_empty() {
            if timeout_at(end, self.ended()).await.is_err() {
                break;
            }
        }
        self.tasks.shutdown().await;
        self.held.into_values().map(|(_, hold)| hold).collect()
    }
}
