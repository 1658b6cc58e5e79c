//! Which sockets follow a channel of which workspace: they are told how its people are seen.
//!
//! A socket stands here under each workspace that [`Followed`] has a channel of. So that the two never differ, what a
//! socket follows changes only under the lock of this index, and the index holds no more than is followed.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use colink_core::id::{ChannelId, WorkspaceId};
use uuid::Uuid;

use super::followed::Followed;
use super::socket::Socket;
use super::{read, write};

/// The sockets of this node by the workspaces that they are in.
#[derive(Debug, Default)]
pub(super) struct Listeners(RwLock<Index>);

#[derive(Debug, Default)]
struct Index(HashMap<WorkspaceId, HashMap<Uuid, Arc<Socket>>>);

impl Listeners {
    /// See [`Followed::admit`].
    pub(super) fn admit(
        &self,
        socket: &Arc<Socket>,
        doubts: u64,
        channels: &[(ChannelId, WorkspaceId)],
    ) -> bool {
        let mut index = write(&self.0);
        let admitted = socket.followed().admit(doubts, channels);
        if admitted {
            for (_, workspace) in channels {
                index.add(*workspace, socket);
            }
        }
        admitted
    }

    /// See [`Followed::forget`].
    pub(super) fn forget(&self, socket: &Socket, channel: ChannelId) {
        self.take(socket, |followed| followed.forget(channel));
    }

    /// See [`Followed::cut`].
    pub(super) fn cut(&self, socket: &Socket, channel: ChannelId) {
        self.take(socket, |followed| followed.cut(channel));
    }

    /// See [`Followed::cut_workspace`].
    pub(super) fn cut_workspace(&self, socket: &Socket, workspace: WorkspaceId) -> Vec<ChannelId> {
        let mut index = write(&self.0);
        let cut = socket.followed().cut_workspace(workspace);
        index.remove(workspace, socket);
        cut
    }

    /// The sockets in any of these workspaces, each once. The lock is free again before they are told: that may take
    /// milliseconds when they are many, and following waits for this lock.
    pub(super) fn of(&self, workspaces: &[WorkspaceId]) -> Vec<Arc<Socket>> {
        let index = read(&self.0);
        let there = workspaces.iter().filter_map(|workspace| index.0.get(workspace));
        let mut sockets: Vec<Arc<Socket>> = there.flat_map(|sockets| sockets.values().cloned()).collect();
        drop(index);
        if workspaces.len() > 1 {
            sockets.sort_unstable_by_key(|socket| socket.id());
            sockets.dedup_by_key(|socket| socket.id());
        }
        sockets
    }

    /// Takes a channel away from a socket, by a change that answers where it was.
    fn take(&self, socket: &Socket, change: impl FnOnce(&Followed) -> Option<WorkspaceId>) {
        let mut index = write(&self.0);
        if let Some(workspace) = change(socket.followed())
            && !socket.followed().is_in(workspace)
        {
            index.remove(workspace, socket);
        }
    }
}

impl Index {
    fn add(&mut self, workspace: WorkspaceId, socket: &Arc<Socket>) {
        self.0.entry(workspace).or_default().entry(socket.id()).or_insert_with(|| Arc::clone(socket));
    }

    fn remove(&mut self, workspace: WorkspaceId, socket: &Socket) {
        if let Some(sockets) = self.0.get_mut(&workspace) {
            sockets.remove(&socket.id());
            if sockets.is_empty() {
                self.0.remove(&workspace);
            }
        }
    }
}

#[cfg(test)]
mod tests;
