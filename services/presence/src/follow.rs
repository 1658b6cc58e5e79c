//! Following a channel: placed in the room first, then asked for the right, then caught up from the log.
//!
//! The order is what makes it gap-free: an event that is published while the log is read waits in the
//! follower's backlog, and one that was published before is in the log.

use std::collections::HashMap;
use std::sync::Arc;

use colink_core::error::ErrorKind;
use colink_core::id::{ChannelId, WorkspaceId};
use colink_core::permission::{Action, Decision, decide};
use colink_http::ApiError;

use crate::domain::frame::{EventParts, ServerFrame};
use crate::hub::Hub;
use crate::hub::room::{CatchUp, Hole, Room};
use crate::hub::socket::Socket;
use crate::peers::Page;
use crate::state::State;

/// A follower's place in a room. Unless it is kept it is given up again, also when whoever asked for it is
/// gone before the answer.
struct Placed<'a> {
    hub: &'a Hub,
    socket: &'a Socket,
    room: Arc<Room>,
    kept: bool,
}

impl<'a> Placed<'a> {
    fn new(state: &'a State, socket: &'a Arc<Socket>, channel: ChannelId) -> Self {
        let room = state.hub.place(channel, socket);
        Self { hub: &state.hub, socket, room, kept: false }
    }

    /// Keeps the place. A socket that was closed meanwhile has given its places up already: this one too.
    fn keep(mut self) {
        self.kept = self.hub.is_connected(self.socket);
    }
}

impl Drop for Placed<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.socket.forget(self.room.channel_id());
            self.hub.remove(self.room.channel_id(), self.socket);
        }
    }
}

/// Follows one channel for a socket. Without `after` the stream starts behind the channel's head.
///
/// # Errors
/// The channel is not there or not the caller's to read, or channels or messaging did not answer.
pub async fn follow(
    state: &State,
    socket: &Arc<Socket>,
    channel: ChannelId,
    after: Option<i64>,
) -> Result<(), ApiError> {
    let placed = Placed::new(state, socket, channel);
    // Asked behind the placement: a removal is either seen here, or its event finds the follower in the room.
    let workspace = may_follow(state, socket, channel).await?;
    placed.room.belongs_to(workspace);
    socket.follow(channel, workspace);
    let head = state.peers.head(channel).await?;
    settle(state, socket, &placed.room, head, after).await?;
    placed.keep();
    Ok(())
}

/// Follows every channel that the user is in: three questions to the other services, however many they are.
///
/// # Errors
/// Channels or messaging did not answer.
pub async fn follow_all(
    state: &State,
    socket: &Arc<Socket>,
    cursors: &HashMap<ChannelId, i64>,
) -> Result<(), ApiError> {
    let (user, second_factor) = (socket.user_id(), socket.has_second_factor());
    let listed = state.peers.memberships(user, second_factor).await?;
    let mut places: Vec<Placed<'_>> =
        listed.iter().map(|membership| Placed::new(state, socket, membership.channel_id)).collect();
    socket.follow_later_channels();
    // Behind the placement, for the same reason as above.
    let confirmed = state.peers.memberships(user, second_factor).await?;
    let confirmed: HashMap<ChannelId, WorkspaceId> =
        confirmed.into_iter().map(|membership| (membership.channel_id, membership.workspace_id)).collect();
    places.retain(|placed| confirmed.contains_key(&placed.room.channel_id()));
    let channels: Vec<ChannelId> = places.iter().map(|placed| placed.room.channel_id()).collect();
    let heads = state.peers.heads(&channels).await?;
    for placed in places {
        let channel = placed.room.channel_id();
        if let Some(workspace) = confirmed.get(&channel) {
            placed.room.belongs_to(*workspace);
            socket.follow(channel, *workspace);
        }
        let head = heads.get(&channel).copied().unwrap_or(0);
        settle(state, socket, &placed.room, head, cursors.get(&channel).copied()).await?;
        placed.keep();
    }
    Ok(())
}

/// Brings a placed follower from its cursor to the live stream.
async fn settle(
    state: &State,
    socket: &Socket,
    room: &Arc<Room>,
    head: i64,
    after: Option<i64>,
) -> Result<(), ApiError> {
    let channel = room.channel_id();
    if let Some(hole) = room.begin(head) {
        state.holes.report(Arc::clone(room), hole);
    }
    socket.send(ServerFrame::Subscribed { channel_id: channel, seq: head }.text()).await;
    // A client cannot hold what is not there yet: a cursor ahead of the head is moved back to it.
    let mut cursor = after.map_or(head, |after| after.clamp(0, head));
    if cursor < head {
        cursor = read_log(state, socket, channel, cursor).await?;
    }
    loop {
        match room.catch_up(socket.id(), cursor) {
            CatchUp::Send(events) => {
                for (seq, frame) in events {
                    cursor = seq;
                    socket.send(frame).await;
                }
            }
            CatchUp::ReadOn => cursor = read_log(state, socket, channel, cursor).await?,
            CatchUp::Done | CatchUp::Removed => return Ok(()),
        }
    }
}

/// Sends the log behind `cursor` up to its head; answers where it ended.
async fn read_log(
    state: &State,
    socket: &Socket,
    channel: ChannelId,
    mut cursor: i64,
) -> Result<i64, ApiError> {
    loop {
        let page = state.peers.events(channel, cursor).await?;
        if let Some(gap) = &page.gap {
            socket.send(ServerFrame::Gap { channel_id: channel, from: gap.from, to: gap.to }.text()).await;
            cursor = gap.to;
        }
        for (seq, frame) in frames(channel, &page) {
            if seq > cursor && !socket.send(frame).await {
                return Ok(cursor);
            }
            cursor = cursor.max(seq);
        }
        if cursor >= page.head_seq || page.events.is_empty() {
            return Ok(cursor.max(page.head_seq));
        }
    }
}

fn frames(channel: ChannelId, page: &Page) -> impl Iterator<Item = (i64, bytestring::ByteString)> + '_ {
    page.events.iter().filter_map(move |event| {
        let parts = EventParts::read(event.get().as_bytes()).ok()?;
        let seq = parts.seq?;
        Some((seq, parts.frame(channel, seq)))
    })
}

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

/// Fills a hole in a room's stream from messaging's log.
///
/// # Errors
/// Messaging did not answer, or cannot close the hole.
pub async fn fill(state: &State, room: &Arc<Room>, hole: Hole) -> Result<(), ApiError> {
    let channel = room.channel_id();
    let mut cursor = hole.after;
    while cursor < hole.to {
        let page = state.peers.events(channel, cursor).await?;
        if let Some(gap) = &page.gap {
            room.skip(Hole { after: gap.from - 1, to: gap.to });
            cursor = gap.to;
        }
        let before = cursor;
        for (seq, frame) in frames(channel, &page) {
            room.offer(seq, frame);
            cursor = cursor.max(seq);
        }
        if cursor == before {
            return Ok(());
        }
    }
    Ok(())
}
