//! `colink.moderation`: what moderators did and what users reported. The key is the target.

use colink_core::id::{FlagId, UserId, WorkspaceId};
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::event;

/// What a moderator acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetType {
    /// An account.
    User,
    /// A message.
    Message,
    /// A file.
    File,
    /// A channel.
    Channel,
    /// A workspace.
    Workspace,
    /// A kind that this build does not know yet.
    #[serde(other)]
    Unknown,
}

/// A moderator or administrator acted. Whoever owns the target carries it out, once for each event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModerationAction {
    /// What was done, as a word: `delete_message`, `suspend_user`, `resolve_flag`, and so on.
    pub action: String,
    /// What sort of thing it was done to.
    pub target_type: TargetType,
    /// The thing's id.
    pub target_id: String,
    /// The workspace it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// Who did it.
    pub moderator_id: UserId,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

event!(ModerationAction = Moderation "moderation.action" v 1 mirrored true;
    |e| e.target_id, |e: &Self| e.workspace_id);

/// A user reported something to the moderators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModerationFlagged {
    /// The report.
    pub flag_id: FlagId,
    /// What sort of thing was reported.
    pub target_type: TargetType,
    /// The thing's id.
    pub target_id: String,
    /// The workspace it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// Who reported it.
    pub flagged_by: UserId,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

event!(ModerationFlagged = Moderation "moderation.flagged" v 1;
    |e| e.target_id, |e: &Self| e.workspace_id);
