//! Following a channel: placed in the room first, then asked for the right, then caught up from the log.
//!
//! The order is what makes it gap-free: an event that is published while the log is read waits in the
//! follower's backlog, and one that was published before is in the log. And it is what makes it safe: a
//! removal is either seen by the question, or finds the follower in the room, or lets the admission fail
//! (see [`crate::hub::followed`]). The log is read unchecked, so each of its frames is sent only while
//! the place in the room stands.

use std::collections::HashMap;
use std::sync::Arc;

use bytestring::ByteString;
use colink_core::id::{ChannelId, WorkspaceId};
use colink_http::ApiError;

use crate::domain::frame::{EventParts, ServerFrame};
use crate::hub::place::Place;
use crate::hub::room::{CatchUp, Hole, Room};
use crate::hub::socket::Socket;
use crate::peers::Page;
use crate::rights::{is_refusal, may_follow};
use crate::state::State;

/// How often the right is asked for when it comes into doubt while it is asked for.
const TRIES: usize = 5;

/// How far a client was told of a channel. It outlives a try that fails, so that the next goes on where that ended.
#[derive(Debug)]
pub struct Cursor {
    seq: i64,
    /// The client knows that the stream began.
    begun: bool,
}

impl Cursor {
    /// Of a client that is to be told what comes behind `seq`.
    pub fn behind(seq: i64) -> Self {
        Self { seq, begun: false }
    }
}

/// A follower's place in a room. Unless it is kept it is given up again, also when whoever asked for it is
/// gone before the answer.
struct Placed<'a> {
    state: &'a State,
    socket: &'a Arc<Socket>,
    room: Arc<Room>,
    place: Place,
    kept: bool,
}

impl<'a> Placed<'a> {
    fn new(state: &'a State, socket: &'a Arc<Socket>, channel: ChannelId) -> Self {
        let (room, place) = state.hub.place(channel, socket);
        Self { state, socket, room, place, kept: false }
    }

    /// Unless another following of the channel by this socket stands or is under way.
    fn first(state: &'a State, socket: &'a Arc<Socket>, channel: ChannelId) -> Option<Self> {
        let (room, place) = state.hub.place_first(channel, socket)?;
        Some(Self { state, socket, room, place, kept: false })
    }

    fn channel(&self) -> ChannelId {
        self.room.channel_id()
    }

    /// Asks for the right; false when it came into doubt meanwhile.
    async fn admitted(&self) -> Result<bool, ApiError> {
        let doubts = self.socket.followed().doubts();
        let workspace = may_follow(self.state, self.socket, self.channel()).await?;
        Ok(self.state.hub.admit(self.socket, doubts, &[(self.channel(), workspace)]))
    }

    /// Brings the follower from its cursor to the live stream. It ends early when its place is gone: somebody cut it
    /// off, or a newer subscription took over.
    async fn stream(mut self, head: i64, cursor: &mut Cursor) -> Result<(), ApiError> {
        if let Some(hole) = self.room.begin(head) {
            self.state.holes.report(Arc::clone(&self.room), hole);
        }
        let subscribed = ServerFrame::Subscribed { channel_id: self.channel(), seq: head }.text();
        if !self.room.lead(self.place) || !(cursor.begun || self.send(subscribed).await) {
            return Ok(());
        }
        cursor.begun = true;
        // A client cannot hold what is not there yet: a cursor ahead of the head is moved back to it.
        cursor.seq = cursor.seq.clamp(0, head);
        if cursor.seq < head {
            self.read_log(&mut cursor.seq).await?;
        }
        loop {
            match self.room.catch_up(self.place, cursor.seq) {
                CatchUp::Send(events) => self.send_all(&mut cursor.seq, events).await,
                CatchUp::ReadOn => self.read_log(&mut cursor.seq).await?,
                CatchUp::Done => break,
                CatchUp::Removed => return Ok(()),
            }
            if self.socket.is_closing() {
                return Ok(());
            }
        }
        // A socket that was closed meanwhile has given its places up already: this one too.
        self.kept = self.state.hub.is_connected(self.socket) && self.room.stands(self.place);
        Ok(())
    }

    /// Sends the log behind `cursor` up to its head, and moves the cursor with what was sent.
    async fn read_log(&self, cursor: &mut i64) -> Result<(), ApiError> {
        let channel = self.channel();
        while self.room.stands(self.place) {
            let page = self.state.peers.events(channel, *cursor).await?;
            if let Some(gap) = &page.gap {
                let frame = ServerFrame::Gap { channel_id: channel, from: gap.from, to: gap.to }.text();
                if !self.send(frame).await {
                    break;
                }
                *cursor = gap.to;
            }
            let before = *cursor;
            self.send_all(cursor, frames(channel, &page)).await;
            if *cursor == before && *cursor < page.head_seq {
                // Nothing here can be read, or be sent any more: then this is not sent either.
                let gap = ServerFrame::Gap { channel_id: channel, from: *cursor + 1, to: page.head_seq };
                self.send(gap.text()).await;
                *cursor = page.head_seq;
            }
            if *cursor >= page.head_seq {
                break;
            }
        }
        Ok(())
    }

    /// Sends what is newer than `cursor`, and moves the cursor with it.
    async fn send_all(&self, cursor: &mut i64, events: impl IntoIterator<Item = (i64, ByteString)>) {
        for (seq, frame) in events {
            if seq > *cursor {
                if !self.send(frame).await {
                    break;
                }
                *cursor = seq;
            }
        }
    }

    async fn send(&self, frame: ByteString) -> bool {
        match self.socket.reserve(frame.len()).await {
            Some(slot) => self.room.send(self.place, slot, frame),
            None => false,
        }
    }
}

impl Drop for Placed<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.state.hub.give_up(self.channel(), self.socket, self.place);
        }
    }
}

/// Follows one channel for a socket. Without `after` the stream starts behind the channel's head. What the socket
/// followed there before goes on until the new stream begins, and ends when the right is refused.
///
/// # Errors
/// The channel is not there or not the caller's to read, or channels or messaging did not answer.
pub async fn follow(
    state: &State,
    socket: &Arc<Socket>,
    channel: ChannelId,
    after: Option<i64>,
) -> Result<(), ApiError> {
    for _ in 0..TRIES {
        let placed = Placed::new(state, socket, channel);
        match placed.admitted().await {
            Ok(true) => {
                let head = state.peers.head(channel).await?;
                return placed.stream(head, &mut Cursor::behind(after.unwrap_or(head))).await;
            }
            Ok(false) => {}
            Err(error) => {
                if is_refusal(&error) {
                    state.hub.leave(channel, socket);
                }
                return Err(error);
            }
        }
    }
    Err(ApiError::unavailable("channels service"))
}

/// Follows a channel that the client did not name, unless it has: then its own subscription counts. The cursor is moved
/// also by a try that fails, for the next one.
///
/// # Errors
/// As [`follow`]; 503 also while the client's own is under way.
pub async fn follow_unasked(
    state: &State,
    socket: &Arc<Socket>,
    channel: ChannelId,
    cursor: &mut Cursor,
) -> Result<(), ApiError> {
    let busy = || ApiError::unavailable("channel");
    let placed = Placed::first(state, socket, channel).ok_or_else(busy)?;
    if !placed.admitted().await? {
        return Err(busy());
    }
    let head = state.peers.head(channel).await?;
    placed.stream(head, cursor).await
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
    // Before the channels are listed: one that comes later is announced by its event.
    socket.follow_later_channels();
    for _ in 0..TRIES {
        if let Some(places) = admitted_to_all(state, socket).await? {
            let channels: Vec<ChannelId> = places.iter().map(Placed::channel).collect();
            let heads = state.peers.heads(&channels).await?;
            for placed in places {
                let channel = placed.channel();
                let head = heads.get(&channel).copied().unwrap_or(0);
                let after = cursors.get(&channel).copied().unwrap_or(head);
                placed.stream(head, &mut Cursor::behind(after)).await?;
            }
            return Ok(());
        }
    }
    Err(ApiError::unavailable("channels service"))
}

/// Places in all channels of the user; none when a right came into doubt while they were asked for.
async fn admitted_to_all<'a>(
    state: &'a State,
    socket: &'a Arc<Socket>,
) -> Result<Option<Vec<Placed<'a>>>, ApiError> {
    let (user, second_factor) = (socket.user_id(), socket.has_second_factor());
    let listed = state.peers.memberships(user, second_factor).await?;
    let mut places: Vec<Placed<'_>> =
        listed.iter().map(|membership| Placed::new(state, socket, membership.channel_id)).collect();
    // Asked again behind the placement, as for a single channel.
    let doubts = socket.followed().doubts();
    let confirmed = state.peers.memberships(user, second_factor).await?;
    let confirmed: HashMap<ChannelId, WorkspaceId> =
        confirmed.into_iter().map(|membership| (membership.channel_id, membership.workspace_id)).collect();
    places.retain(|placed| confirmed.contains_key(&placed.channel()));
    let channels = places.iter().filter_map(|placed| confirmed.get_key_value(&placed.channel()));
    let channels: Vec<_> = channels.map(|(channel, workspace)| (*channel, *workspace)).collect();
    Ok(state.hub.admit(socket, doubts, &channels).then_some(places))
}

fn frames(channel: ChannelId, page: &Page) -> impl Iterator<Item = (i64, ByteString)> + '_ {
    page.events.iter().filter_map(move |event| {
        let parts = EventParts::read(event.get().as_bytes()).ok()?;
        let seq = parts.seq?;
        Some((seq, parts.frame(channel, seq)))
    })
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
