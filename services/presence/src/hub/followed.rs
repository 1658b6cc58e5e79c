//! What a socket follows by right.
//!
//! A right that was asked for is worth nothing once something happened that may have taken it away: each such event
//! counts up `doubts`, under the same lock that a channel is admitted under. Either the admission comes first, and the
//! event finds the channel here; or the event does, and the admission fails and asks again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use colink_core::id::{ChannelId, WorkspaceId};

/// The channels that a socket follows, with their workspaces.
#[derive(Debug, Default)]
pub struct Followed(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    channels: HashMap<ChannelId, WorkspaceId>,
    doubts: u64,
}

impl Followed {
    /// How often the rights of the socket have come into doubt; to be read before they are asked for.
    pub fn doubts(&self) -> u64 {
        self.inner().doubts
    }

    /// Notes that the socket follows these channels, unless its rights have come into doubt since `doubts` was read.
    pub fn admit(&self, doubts: u64, channels: impl IntoIterator<Item = (ChannelId, WorkspaceId)>) -> bool {
        let mut inner = self.inner();
        let certain = inner.doubts == doubts;
        if certain {
            inner.channels.extend(channels);
        }
        certain
    }

    /// The right to a channel has ended.
    pub fn cut(&self, channel: ChannelId) {
        let mut inner = self.inner();
        inner.doubts += 1;
        inner.channels.remove(&channel);
    }

    /// The right to every channel of a workspace has ended; answers which those were.
    pub fn cut_workspace(&self, workspace: WorkspaceId) -> Vec<ChannelId> {
        let mut inner = self.inner();
        inner.doubts += 1;
        inner.channels.extract_if(|_, other| *other == workspace).map(|(channel, _)| channel).collect()
    }

    /// The rights in a workspace are in doubt; answers which channels of it are followed.
    pub fn doubt(&self, workspace: WorkspaceId) -> Vec<ChannelId> {
        let mut inner = self.inner();
        inner.doubts += 1;
        let there = inner.channels.iter().filter(|(_, other)| **other == workspace);
        there.map(|(channel, _)| *channel).collect()
    }

    /// Notes that the socket no longer follows a channel, by its own will.
    pub fn forget(&self, channel: ChannelId) {
        self.inner().channels.remove(&channel);
    }

    /// Whether the socket follows the channel.
    pub fn contains(&self, channel: ChannelId) -> bool {
        self.inner().channels.contains_key(&channel)
    }

    /// Whether it follows a channel of this workspace.
    pub fn is_in(&self, workspace: WorkspaceId) -> bool {
        self.inner().channels.values().any(|other| *other == workspace)
    }

    /// The workspaces of the channels.
    pub fn workspaces(&self) -> Vec<WorkspaceId> {
        let mut workspaces: Vec<WorkspaceId> = self.inner().channels.values().copied().collect();
        workspaces.sort_unstable();
        workspaces.dedup();
        workspaces
    }

    /// How many channels.
    pub fn count(&self) -> usize {
        self.inner().channels.len()
    }

    /// The channels.
    pub fn channels(&self) -> Vec<ChannelId> {
        self.inner().channels.keys().copied().collect()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use colink_core::clock::SystemClock;
    use colink_core::id::{ChannelId, WorkspaceId};

    use super::Followed;

    /// a right that was asked for before a cut admits nobody after it.
    #[test]
    fn whatever_came_into_doubt_meanwhile_is_not_admitted() {
        let (channel, workspace) = (ChannelId::generate(&SystemClock), WorkspaceId::generate(&SystemClock));
        let elsewhere = WorkspaceId::generate(&SystemClock);
        let followed = Followed::default();
        let doubtful: [fn(&Followed, ChannelId, WorkspaceId); 3] = [
            |followed, channel, _| followed.cut(channel),
            |followed, _, workspace| drop(followed.cut_workspace(workspace)),
            |followed, _, workspace| drop(followed.doubt(workspace)),
        ];
        for happens in doubtful {
            let asked = followed.doubts();
            happens(&followed, channel, workspace);
            assert!(!followed.admit(asked, [(channel, workspace)]));
            assert!(!followed.contains(channel));
        }
        assert!(followed.admit(followed.doubts(), [(channel, workspace)]));
        assert!(followed.cut_workspace(elsewhere).is_empty());
        assert_eq!(followed.doubt(workspace), [channel]);
        assert_eq!(followed.cut_workspace(workspace), [channel]);
        assert_eq!(followed.count(), 0);
    }
}
