//! What a socket follows by right.
//!
//! A right that was asked for is worth nothing once something happened that may have taken it away: each such event
//! counts up `doubts`, under the same lock that a channel is admitted under. Either the admission comes first, and the
//! event finds the channel here; or the event does, and the admission fails and asks again.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use colink_core::id::{ChannelId, WorkspaceId};

/// The channels that a socket follows, with their workspaces.
#[derive(Debug, Default)]
pub struct Followed(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    channels: HashMap<ChannelId, WorkspaceId>,
    /// How many of the channels each workspace has; one that has none is not here.
    workspaces: HashMap<WorkspaceId, usize>,
    doubts: u64,
}

impl Inner {
    fn insert(&mut self, channel: ChannelId, workspace: WorkspaceId) {
        self.remove(channel);
        self.channels.insert(channel, workspace);
        *self.workspaces.entry(workspace).or_default() += 1;
    }

    /// Answers the workspace of a channel that was followed.
    fn remove(&mut self, channel: ChannelId) -> Option<WorkspaceId> {
        let workspace = self.channels.remove(&channel)?;
        if let Entry::Occupied(mut count) = self.workspaces.entry(workspace) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        Some(workspace)
    }

    fn channels_of(&self, workspace: WorkspaceId) -> Vec<ChannelId> {
        if !self.workspaces.contains_key(&workspace) {
            return Vec::new();
        }
        let there = self.channels.iter().filter(|(_, other)| **other == workspace);
        there.map(|(channel, _)| *channel).collect()
    }
}

impl Followed {
    /// How often the rights of the socket have come into doubt; to be read before they are asked for.
    pub fn doubts(&self) -> u64 {
        self.inner().doubts
    }

    /// Notes that the socket follows these channels, unless its rights have come into doubt since `doubts` was read.
    pub(super) fn admit(&self, doubts: u64, channels: &[(ChannelId, WorkspaceId)]) -> bool {
        let mut inner = self.inner();
        let certain = inner.doubts == doubts;
        if certain {
            for (channel, workspace) in channels {
                inner.insert(*channel, *workspace);
            }
        }
        certain
    }

    /// The right to a channel has ended; answers the workspace of one that was followed.
    pub(super) fn cut(&self, channel: ChannelId) -> Option<WorkspaceId> {
        let mut inner = self.inner();
        inner.doubts += 1;
        inner.remove(channel)
    }

    /// The right to every channel of a workspace has ended; answers which those were.
    pub(super) fn cut_workspace(&self, workspace: WorkspaceId) -> Vec<ChannelId> {
        let mut inner = self.inner();
        inner.doubts += 1;
        let cut = inner.channels_of(workspace);
        for channel in &cut {
            inner.remove(*channel);
        }
        cut
    }

    /// The rights in a workspace are in doubt; answers which channels of it are followed.
    pub fn doubt(&self, workspace: WorkspaceId) -> Vec<ChannelId> {
        let mut inner = self.inner();
        inner.doubts += 1;
        inner.channels_of(workspace)
    }

    /// Notes that the socket no longer follows a channel, by its own will; answers the workspace of one that it did.
    pub(super) fn forget(&self, channel: ChannelId) -> Option<WorkspaceId> {
        self.inner().remove(channel)
    }

    /// Whether the socket follows the channel.
    pub fn contains(&self, channel: ChannelId) -> bool {
        self.inner().channels.contains_key(&channel)
    }

    /// Whether it follows a channel of this workspace.
    pub fn is_in(&self, workspace: WorkspaceId) -> bool {
        self.inner().workspaces.contains_key(&workspace)
    }

    /// The workspaces of the channels.
    pub fn workspaces(&self) -> Vec<WorkspaceId> {
        self.inner().workspaces.keys().copied().collect()
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
            |followed, channel, _| assert_eq!(followed.cut(channel), None),
            |followed, _, workspace| drop(followed.cut_workspace(workspace)),
            |followed, _, workspace| drop(followed.doubt(workspace)),
        ];
        for happens in doubtful {
            let asked = followed.doubts();
            happens(&followed, channel, workspace);
            assert!(!followed.admit(asked, &[(channel, workspace)]));
            assert!(!followed.contains(channel));
        }
        assert!(followed.admit(followed.doubts(), &[(channel, workspace)]));
        assert!(followed.cut_workspace(elsewhere).is_empty());
        assert_eq!(followed.doubt(workspace), [channel]);
        assert_eq!(followed.cut_workspace(workspace), [channel]);
        assert_eq!(followed.count(), 0);
    }

    /// a socket is in a workspace from its first channel there to its last, however often it asked for one.
    #[test]
    fn a_workspace_is_left_with_its_last_channel() {
        let (one, other) = (ChannelId::generate(&SystemClock), ChannelId::generate(&SystemClock));
        let workspace = WorkspaceId::generate(&SystemClock);
        let followed = Followed::default();
        for channel in [one, other, one] {
            assert!(followed.admit(followed.doubts(), &[(channel, workspace)]));
        }
        assert_eq!(followed.forget(one), Some(workspace));
        assert_eq!(followed.forget(one), None);
        assert!(followed.is_in(workspace));
        assert_eq!(followed.cut(other), Some(workspace));
        assert!(!followed.is_in(workspace) && followed.workspaces().is_empty());
    }
}
