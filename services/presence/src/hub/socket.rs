//! The way out to one client: a bounded queue in front of its connection.
//!
//! Frames of a channel's log are never dropped: if one does not fit, the client is too slow, and the
//! socket is closed with a code that lets it resume. Passing frames (typing, presence) are dropped
//! first, from half the queue on, and counted.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use bytestring::ByteString;
use colink_core::id::{SessionId, UserId};
use colink_core::permission::Scopes;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::close::{Close, End};
use super::followed::Followed;
use super::place::Place;
use crate::metrics::SocketMetrics;

/// Frames that may wait for one client.
const QUEUE_FRAMES: usize = 256;
/// Bytes that may wait for one client.
const QUEUE_BYTES: usize = 1024 * 1024;

/// Who is at the other end.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The user.
    pub user_id: UserId,
    /// His session: its end is the socket's.
    pub session_id: SessionId,
    /// The name shown while he types.
    pub username: String,
    /// What his token may be used for.
    pub scopes: Scopes,
    /// His session was proven by more than one factor.
    pub second_factor: bool,
}

/// One connected client, as the hub knows it.
#[derive(Debug)]
pub struct Socket {
    id: Uuid,
    identity: Identity,
    queue: mpsc::Sender<ByteString>,
    queued_bytes: AtomicUsize,
    /// Told whenever a frame leaves the queue.
    drained: Notify,
    followed: Followed,
    places: AtomicU64,
    follows_all: AtomicBool,
    closing: OnceLock<Close>,
    closed: CancellationToken,
    metrics: SocketMetrics,
}

/// The receiving end of a socket's queue, for the task that writes to the connection.
#[derive(Debug)]
pub struct Outbox {
    queue: mpsc::Receiver<ByteString>,
    /// Left the queue, and is not known to be written: whoever gives a write up must not lose it, because the frames
    /// behind it are still sent and a client resumes from the highest number it saw.
    in_hand: Option<ByteString>,
}

impl Outbox {
    /// The next frame to write: the same one until it is [written](Self::written).
    pub async fn next(&mut self, socket: &Socket) -> Option<ByteString> {
        if self.in_hand.is_none() {
            let frame = self.queue.recv().await?;
            socket.took(frame.len());
            self.in_hand = Some(frame);
        }
        self.in_hand.clone()
    }

    /// The frame that was given out last is with the connection.
    pub fn written(&mut self) {
        self.in_hand = None;
    }

    /// A frame that is waiting already, the one in hand first.
    pub fn ready(&mut self, socket: &Socket) -> Option<ByteString> {
        self.in_hand.take().or_else(|| {
            let frame = self.queue.try_recv().ok()?;
            socket.took(frame.len());
            Some(frame)
        })
    }
}

impl Socket {
    /// A socket and the end of its queue. `id` is the server's own name for the connection.
    pub fn new(id: Uuid, identity: Identity, metrics: SocketMetrics) -> (Self, Outbox) {
        let (queue, outbox) = mpsc::channel(QUEUE_FRAMES);
        let socket = Self {
            id,
            identity,
            queue,
            queued_bytes: AtomicUsize::new(0),
            drained: Notify::new(),
            followed: Followed::default(),
            places: AtomicU64::new(0),
            follows_all: AtomicBool::new(false),
            closing: OnceLock::new(),
            closed: CancellationToken::new(),
            metrics,
        };
        (socket, Outbox { queue: outbox, in_hand: None })
    }

    /// The server's name for the connection.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The user.
    pub fn user_id(&self) -> UserId {
        self.identity.user_id
    }

    /// His session.
    pub fn session_id(&self) -> SessionId {
        self.identity.session_id
    }

    /// What the token it was opened with may be used for.
    pub fn scopes(&self) -> Scopes {
        self.identity.scopes
    }

    /// The name shown while he types.
    pub fn username(&self) -> &str {
        &self.identity.username
    }

    /// Whether his session was proven by more than one factor.
    pub fn has_second_factor(&self) -> bool {
        self.identity.second_factor
    }

    /// A frame of a channel's log: it goes out, or the socket is closed. Behind a closing nothing is queued: what
    /// is posted after a revocation is not the client's.
    pub fn push_sequenced(&self, frame: ByteString) {
        if self.closed.is_cancelled() {
            return;
        }
        let length = frame.len();
        let waiting = self.queued_bytes.fetch_add(length, Ordering::Relaxed);
        if waiting + length > QUEUE_BYTES || self.queue.try_send(frame).is_err() {
            self.queued_bytes.fetch_sub(length, Ordering::Relaxed);
            self.close(Close::TooSlow);
        }
    }

    /// A passing frame: it is dropped when half the queue is taken.
    pub fn push_ephemeral(&self, frame: ByteString) {
        if self.closed.is_cancelled() {
            return;
        }
        let length = frame.len();
        let room = self.queue.capacity() > QUEUE_FRAMES / 2
            && self.queued_bytes.load(Ordering::Relaxed) < QUEUE_BYTES / 2;
        self.queued_bytes.fetch_add(length, Ordering::Relaxed);
        if !room || self.queue.try_send(frame).is_err() {
            self.queued_bytes.fetch_sub(length, Ordering::Relaxed);
            self.metrics.dropped_ephemeral();
        }
    }

    /// Waits for room for a frame of a catch-up, so that a long one does not run the queue over; a frame larger than
    /// the queue may hold goes alone. None once the socket is closed.
    pub async fn reserve(&self, length: usize) -> Option<Slot<'_>> {
        tokio::select! {
            () = self.closed.cancelled() => None,
            permit = self.room_for(length) => Some(Slot { socket: self, permit: Some(permit?) }),
        }
    }

    /// A frame that waits for room. False once the socket is closed.
    pub async fn send(&self, frame: ByteString) -> bool {
        self.reserve(frame.len()).await.is_some_and(|slot| slot.send(frame))
    }

    async fn room_for(&self, length: usize) -> Option<mpsc::Permit<'_, ByteString>> {
        loop {
            let permit = self.queue.reserve().await.ok()?;
            let taken = self.drained.notified();
            let waiting = self.queued_bytes.load(Ordering::Relaxed);
            if waiting == 0 || waiting + length <= QUEUE_BYTES {
                return Some(permit);
            }
            drop(permit);
            taken.await;
        }
    }

    fn took(&self, length: usize) {
        self.queued_bytes.fetch_sub(length, Ordering::Relaxed);
        self.drained.notify_one();
    }

    /// Closes the socket; the first reason stands, because a later one is a consequence of it. What is queued is still
    /// written.
    pub fn close(&self, why: Close) {
        self.closing.get_or_init(|| why);
        self.closed.cancel();
    }

    /// Closes the socket if its session found a reason, and says how it ended: by what the server had a reason for first,
    /// even if the client is gone meanwhile.
    pub fn end(&self, found: End) -> End {
        if let End::ByServer(why) = found {
            self.close(why);
        }
        self.closing.get().map_or(found, |why| End::ByServer(*why))
    }

    /// Whether the server wants the socket closed.
    pub fn is_closing(&self) -> bool {
        self.closed.is_cancelled()
    }

    /// Resolves when the server wants the socket closed, with the reason.
    pub async fn closing(&self) -> Close {
        self.closed.cancelled().await;
        self.closing.get().copied().unwrap_or(Close::Draining)
    }

    /// What it follows.
    pub fn followed(&self) -> &Followed {
        &self.followed
    }

    /// A place in a room that is greater than all before.
    pub(super) fn next_place(&self) -> Place {
        Place::new(self.id, self.places.fetch_add(1, Ordering::Relaxed))
    }

    /// From now on the client also follows the channels that the user comes into.
    pub fn follow_later_channels(&self) {
        self.follows_all.store(true, Ordering::Relaxed);
    }

    /// Whether it follows the channels that the user comes into.
    pub fn follows_later_channels(&self) -> bool {
        self.follows_all.load(Ordering::Relaxed)
    }
}

/// Room for one frame in a socket's queue.
#[derive(Debug)]
pub struct Slot<'a> {
    socket: &'a Socket,
    permit: Option<mpsc::Permit<'a, ByteString>>,
}

impl Slot<'_> {
    /// Queues the frame; false when the socket closes.
    pub fn send(mut self, frame: ByteString) -> bool {
        if self.socket.is_closing() {
            return false;
        }
        if let Some(permit) = self.permit.take() {
            self.socket.queued_bytes.fetch_add(frame.len(), Ordering::Relaxed);
            permit.send(frame);
        }
        true
    }
}

impl Drop for Slot<'_> {
    /// Room that was not used is another's, who may have been waiting for it.
    fn drop(&mut self) {
        if self.permit.take().is_some() {
            self.socket.drained.notify_one();
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
