//! Which sockets of this node follow which channel.
//!
//! A channel that somebody here follows has a [`Room`]; a user who is connected here has his [`Socket`]s; a workspace has
//! its [`Listeners`]. Locks are held for a few map operations and pushes into bounded queues, never across an `await`; of
//! several, that of the rooms is taken first and that of the listeners behind it.

pub mod close;
pub mod followed;
mod listeners;
pub mod place;
pub mod room;
pub mod socket;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytestring::ByteString;
use colink_core::id::{ChannelId, SessionId, UserId, WorkspaceId};
use colink_core::permission::Scope;

use self::close::Close;
use self::listeners::Listeners;
use self::place::Place;
use self::room::Room;
use self::socket::Socket;
use crate::domain::frame::ServerFrame;

/// The sockets and rooms of one node.
#[derive(Debug, Default)]
pub struct Hub {
    rooms: RwLock<Rooms>,
    users: RwLock<HashMap<UserId, Vec<Arc<Socket>>>>,
    listeners: Listeners,
}

impl Hub {
    /// The room of a channel, if somebody here follows it.
    pub fn room(&self, channel: ChannelId) -> Option<Arc<Room>> {
        read(&self.rooms).get(&channel).cloned()
    }

    /// Every room.
    pub fn rooms(&self) -> Vec<Arc<Room>> {
        read(&self.rooms).values().cloned().collect()
    }

    /// Places a socket in a channel's room, where events wait for it until it has caught up. What it followed there
    /// before goes on until the new place leads.
    pub fn place(&self, channel: ChannelId, socket: &Arc<Socket>) -> (Arc<Room>, Place) {
        place(&mut write(&self.rooms), channel, socket)
    }

    /// The same, unless the socket has a place there already.
    pub fn place_first(&self, channel: ChannelId, socket: &Arc<Socket>) -> Option<(Arc<Room>, Place)> {
        let mut rooms = write(&self.rooms);
        let has_one = rooms.get(&channel).is_some_and(|room| room.has(socket.id()));
        (!has_one).then(|| place(&mut rooms, channel, socket))
    }

    /// Notes that a socket follows these channels, unless its rights have come into doubt since `doubts` was read.
    pub fn admit(&self, socket: &Arc<Socket>, doubts: u64, channels: &[(ChannelId, WorkspaceId)]) -> bool {
        self.listeners.admit(socket, doubts, channels)
    }

    /// Gives one place up; a socket that has no other no longer follows the channel.
    pub fn give_up(&self, channel: ChannelId, socket: &Socket, place: Place) {
        let mut rooms = write(&self.rooms);
        let was_last = rooms.get(&channel).is_none_or(|room| room.give_up(place));
        if was_last {
            self.listeners.forget(socket, channel);
        }
        close_if_empty(&mut rooms, channel);
    }

    /// Takes a socket out of a room, whatever places it has there. True if it had one.
    pub fn leave(&self, channel: ChannelId, socket: &Socket) -> bool {
        let mut rooms = write(&self.rooms);
        self.listeners.forget(socket, channel);
        let left = rooms.get(&channel).is_some_and(|room| room.remove(socket.id()));
        close_if_empty(&mut rooms, channel);
        left
    }

    /// Adds a connected socket.
    pub fn connect(&self, socket: &Arc<Socket>) {
        write(&self.users).entry(socket.user_id()).or_default().push(Arc::clone(socket));
    }

    /// Forgets a socket and everything it followed.
    pub fn disconnect(&self, socket: &Socket) {
        let mut users = write(&self.users);
        if let Some(sockets) = users.get_mut(&socket.user_id()) {
            sockets.retain(|other| other.id() != socket.id());
            if sockets.is_empty() {
                users.remove(&socket.user_id());
            }
        }
        drop(users);
        for channel in socket.followed().channels() {
            self.leave(channel, socket);
        }
    }

    /// Whether the socket is connected: a task that outlives it must not place it in a room again.
    pub fn is_connected(&self, socket: &Socket) -> bool {
        read(&self.users)
            .get(&socket.user_id())
            .is_some_and(|sockets| sockets.iter().any(|one| one.id() == socket.id()))
    }

    /// The sockets of a user on this node.
    pub fn sockets_of(&self, user: UserId) -> Vec<Arc<Socket>> {
        read(&self.users).get(&user).cloned().unwrap_or_default()
    }

    /// Every socket of this node.
    pub fn sockets(&self) -> Vec<Arc<Socket>> {
        read(&self.users).values().flatten().cloned().collect()
    }

    /// Cuts a user off from one channel, at once. The sockets that followed it are told.
    pub fn cut(&self, channel: ChannelId, user: UserId) {
        for socket in self.sockets_of(user) {
            self.cut_socket(channel, &socket);
        }
    }

    /// Cuts one socket off from a channel.
    pub fn cut_socket(&self, channel: ChannelId, socket: &Socket) {
        self.listeners.cut(socket, channel);
        self.take_out(channel, socket);
    }

    /// Cuts a socket off from every channel of a workspace; true if it followed one.
    pub fn cut_workspace(&self, workspace: WorkspaceId, socket: &Socket) -> bool {
        let cut = self.listeners.cut_workspace(socket, workspace);
        for channel in &cut {
            self.take_out(*channel, socket);
        }
        !cut.is_empty()
    }

    fn take_out(&self, channel: ChannelId, socket: &Socket) {
        if self.leave(channel, socket) {
            socket.push_ephemeral(ServerFrame::ChannelRemoved { channel_id: channel }.text());
        }
    }

    /// Closes the sockets of one session, or all of a user's.
    pub fn close_sessions(&self, user: UserId, session: Option<SessionId>, notice: &ByteString) {
        for socket in self.sockets_of(user) {
            if session.is_none_or(|session| session == socket.session_id()) {
                socket.push_ephemeral(notice.clone());
                socket.close(Close::Revoked);
            }
        }
    }

    /// Closes the sockets of a session that goes on, because the tokens that opened them say more than it may do now.
    pub fn close_outdated(&self, user: UserId, session: SessionId) {
        for socket in self.sockets_of(user) {
            if session == socket.session_id() {
                socket.close(Close::Unauthorized);
            }
        }
    }

    /// Says something passing about a user to everybody here who follows a channel of one of these workspaces.
    pub fn tell_workspaces(&self, workspaces: &[WorkspaceId], frame: &ByteString) {
        for socket in self.listeners.of(workspaces) {
            // Whoever was cut off since he was looked up hears no more of the workspace.
            let is_in = workspaces.iter().any(|workspace| socket.followed().is_in(*workspace));
            if is_in && socket.scopes().contains(Scope::UsersRead) {
                socket.push_ephemeral(frame.clone());
            }
        }
    }
}

type Rooms = HashMap<ChannelId, Arc<Room>>;

fn place(rooms: &mut Rooms, channel: ChannelId, socket: &Arc<Socket>) -> (Arc<Room>, Place) {
    let room = rooms.entry(channel).or_insert_with(|| Arc::new(Room::new(channel)));
    let place = room.place(socket);
    (Arc::clone(room), place)
}

fn close_if_empty(rooms: &mut Rooms, channel: ChannelId) {
    if rooms.get(&channel).is_some_and(|room| room.is_empty()) {
        rooms.remove(&channel);
    }
}

/// Nothing that holds these locks can panic halfway through a change, so a poisoned lock is a sound one.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
