//! Passing notices, from the other nodes to the sockets of this one.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::domain::frame::{ServerFrame, TYPING_MS};
use crate::state::State;
use crate::store::ephemera::Notice;

/// The time between two attempts to listen while Redis is away.
const PAUSE: Duration = Duration::from_secs(1);

/// Listens until the process stops, and again whenever the connection breaks.
pub async fn run(state: Arc<State>, soft: CancellationToken) {
    while !soft.is_cancelled() {
        let listening = listen(&state);
        tokio::select! {
            () = soft.cancelled() => return,
            () = listening => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen(state: &State) {
    match state.ephemera.listen().await {
        Ok(notices) => {
            let mut notices = std::pin::pin!(notices);
            while let Some(notice) = notices.next().await {
                tell(state, &notice);
            }
        }
        Err(error) => state.metrics.redis_failed(&error),
    }
}

/// Tells the sockets of this node.
pub fn tell(state: &State, notice: &Notice) {
    match notice {
        Notice::Typing { channel_id, thread_id, user_id, username } => {
            if let Some(room) = state.hub.room(*channel_id) {
                let frame = ServerFrame::Typing {
                    channel_id: *channel_id,
                    thread_id: *thread_id,
                    user_id: *user_id,
                    username,
                    expires_in_ms: TYPING_MS,
                };
                room.tell_others(*user_id, &frame.text());
            }
        }
        Notice::Presence { user_id, status, workspaces } => {
            state.hub.tell_workspaces(
                workspaces,
                &ServerFrame::Presence { user_id: *user_id, status: *status }.text(),
            );
        }
        Notice::Read { user_id, socket_id, channel_id, seq } => {
            let frame = ServerFrame::Read { channel_id: *channel_id, seq: *seq }.text();
            for socket in
                state.hub.sockets_of(*user_id).into_iter().filter(|socket| socket.id() != *socket_id)
            {
                socket.push_ephemeral(frame.clone());
            }
        }
    }
}
