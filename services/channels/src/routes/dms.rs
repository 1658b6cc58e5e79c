//! Direct conversations.

use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::role::ChannelKind;
use colink_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::dms::{Conversation, Participant};

pub(super) mod create;
pub(super) mod list;

/// A direct conversation. Its id works wherever a channel's does.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DmView {
    /// Its id.
    id: ChannelId,
    /// Its workspace.
    workspace_id: WorkspaceId,
    /// Always `dm`.
    kind: ChannelKind,
    /// Everybody in it, the caller too, in the order of their ids.
    participants: Vec<Participant>,
    /// Who began it.
    created_by: UserId,
    /// When.
    created_at: Timestamp,
}

impl From<Conversation> for DmView {
    fn from(conversation: Conversation) -> Self {
        let Conversation { id, workspace_id, created_by, created_at, participants } = conversation;
        Self { id, workspace_id, kind: ChannelKind::Dm, participants, created_by, created_at }
    }
}
