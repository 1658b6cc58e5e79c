//! What a socket may follow: asked of channels at the door, and again when something may have changed it.

use std::sync::Arc;
use std::time::Duration;

use colink_core::error::ErrorKind;
use colink_core::id::{ChannelId, WorkspaceId};
use colink_core::permission::{Action, Decision, decide};
use colink_http::ApiError;
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep, timeout_at};

use crate::hub::socket::Socket;
use crate::state::State;

/// How long a right that came into doubt counts while channels does not answer.
const BOUND: Duration = Duration::from_secs(2);
/// The time between two tries: it doubles up to the second.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);
/// Questions that one socket may have open.
const CONCURRENT: usize = 16;

/// Whether the user may follow the channel now, and its workspace.
///
/// # Errors
/// He may not, or channels did not answer.
pub async fn may_follow(state: &State, socket: &Socket, channel: ChannelId) -> Result<WorkspaceId, ApiError> {
    let seat = state.peers.standing(channel, socket.user_id(), socket.scopes()).await?;
    match decide(&seat.standing, Action::Subscribe) {
        decision if decision.is_allowed() && seat.require_mfa && !socket.has_second_factor() => {
            Err(ApiError::new(ErrorKind::MfaRequired, "this workspace asks for a second factor"))
        }
        Decision::Allow | Decision::AllowAsRealmAdmin => Ok(seat.workspace),
        Decision::Forbid => Err(ApiError::forbidden("join the channel before you subscribe to it")),
        Decision::Hide => Err(ApiError::not_found("channel")),
    }
}

/// Whether the error is an answer, and not the lack of one.
pub fn is_refusal(error: &ApiError) -> bool {
    error.kind().status() < 500 && error.kind() != ErrorKind::RateLimited
}

/// Asks for the rights to these channels again, and cuts the socket off where they have ended. Where nobody answers
/// within the bound they count as ended: a client that is wronged by it may subscribe again.
pub async fn confirm(state: Arc<State>, socket: Arc<Socket>, channels: Vec<ChannelId>) {
    let deadline = Instant::now() + BOUND;
    let (state, socket) = (&state, &socket);
    stream::iter(channels)
        .for_each_concurrent(CONCURRENT, |channel| async move {
            let answer = timeout_at(deadline, ask_until_answered(state, socket, channel)).await;
            if !matches!(answer, Ok(true)) {
                state.hub.cut_socket(channel, socket);
            }
        })
        .await;
}

async fn ask_until_answered(state: &State, socket: &Socket, channel: ChannelId) -> bool {
    let mut pause = PAUSE;
    loop {
        match may_follow(state, socket, channel).await {
            Ok(_) => return true,
            Err(error) if is_refusal(&error) => return false,
            Err(error) => tracing::debug!(%channel, %error, "channels did not say whether a right has ended"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
