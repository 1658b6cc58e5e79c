//! `channel_member.added`: sockets that follow all of the user's channels follow this one too, from where its log stood
//! when he came in: nothing that was posted since is missed, and nothing from before is told.

use std::sync::Arc;
use std::time::Duration;

use colink_core::id::ChannelId;
use colink_core::time::Timestamp;
use colink_events::channels::ChannelMemberAdded;
use colink_http::ApiError;
use tokio::time::sleep;

use crate::domain::frame::{Refusal, ServerFrame};
use crate::follow::{Cursor, follow_unasked};
use crate::hub::socket::Socket;
use crate::rights::is_refusal;
use crate::state::State;
use crate::visibility;

/// The time after a try that failed: five tries.
const PAUSES_MS: [u64; 5] = [50, 200, 500, 1_000, 0];

pub(super) fn take(state: &Arc<State>, ChannelMemberAdded(member): ChannelMemberAdded) {
    let (channel, at) = (member.channel_id, member.at);
    for socket in state.hub.sockets_of(member.user_id) {
        socket.push_ephemeral(ServerFrame::ChannelAdded { channel_id: channel }.text());
        if socket.follows_later_channels() {
            let shared = Arc::clone(state);
            state.lifecycle.spawn_brief("follow a new channel", async move {
                join(&shared, &socket, channel, at).await;
            });
        }
    }
}

/// Tries until the channel is followed, by this or by the client's own subscription, or may not be. A try goes on where
/// the one before it ended. A client whose channel could not be followed is told, and may subscribe.
async fn join(state: &State, socket: &Arc<Socket>, channel: ChannelId, at: Timestamp) {
    let (mut cursor, mut failure) = (None, None);
    for pause in PAUSES_MS {
        if socket.is_closing() || socket.followed().contains(channel) {
            return;
        }
        match follow(state, socket, channel, at, &mut cursor).await {
            Ok(()) => return visibility::show(state, socket).await,
            Err(error) if is_refusal(&error) => return,
            Err(error) => failure = Some(error),
        }
        sleep(Duration::from_millis(pause)).await;
    }
    if let Some(error) = failure {
        tracing::info!(%channel, %error, "a new channel could not be followed; the client may subscribe");
        let (code, message) = (error.kind().code(), error.message());
        let refusal = Refusal { code, message, channel_id: Some(channel), client_msg_id: None };
        socket.push_ephemeral(ServerFrame::Error(refusal).text());
    }
}

async fn follow(
    state: &State,
    socket: &Arc<Socket>,
    channel: ChannelId,
    at: Timestamp,
    cursor: &mut Option<Cursor>,
) -> Result<(), ApiError> {
    let cursor = match cursor {
        Some(cursor) => cursor,
        None => cursor.insert(Cursor::behind(state.peers.head_at(channel, at).await?)),
    };
    follow_unasked(state, socket, channel, cursor).await
}
