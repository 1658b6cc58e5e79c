//! Fetches what is missing from a room's stream, a few rooms at a time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::follow::fill;
use crate::hub::room::{Hole, Room};
use crate::state::State;

/// Holes that may wait; a room reports its hole again with its next event.
const QUEUE: usize = 1024;
/// Rooms that are filled at the same time.
const CONCURRENT: usize = 16;
/// Tries until followers are told of a gap, and the time between two: together the bounded wait.
const TRIES: usize = 10;
const PAUSE: Duration = Duration::from_millis(200);

/// Where rooms report what they miss.
#[derive(Debug, Clone)]
pub struct Holes(mpsc::Sender<(Arc<Room>, Hole)>);

/// The reports, for [`run`].
pub type Reports = mpsc::Receiver<(Arc<Room>, Hole)>;

impl Holes {
    /// A queue and its receiving end.
    pub fn new() -> (Self, Reports) {
        let (reports, queue) = mpsc::channel(QUEUE);
        (Self(reports), queue)
    }

    /// Asks for a hole to be filled.
    pub fn report(&self, room: Arc<Room>, hole: Hole) {
        if let Err(mpsc::error::TrySendError::Full((room, _))) = self.0.try_send((room, hole)) {
            room.report_again();
        }
    }
}

/// Fills holes until the process stops.
pub async fn run(state: Arc<State>, reports: Reports, soft: CancellationToken) {
    let reports =
        stream::unfold(reports, |mut reports| async { reports.recv().await.map(|report| (report, reports)) });
    reports
        .take_until(soft.cancelled_owned())
        .for_each_concurrent(CONCURRENT, |(room, hole)| close(&state, room, hole))
        .await;
}

async fn close(state: &State, room: Arc<Room>, mut hole: Hole) {
    for _ in 0..TRIES {
        if let Err(error) = fill(state, &room, hole).await {
            tracing::debug!(channel = %room.channel_id(), %error, "messaging did not give the missing events");
        } else {
            match room.fetched() {
                None => return state.metrics.hole_filled(room.channel_id()),
                Some(rest) => hole = rest,
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
    state.metrics.hole_given_up(room.channel_id());
    room.skip(hole);
    room.report_again();
}
