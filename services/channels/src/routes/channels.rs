//! Channels.

use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::role::{ChannelKind, ChannelRole};
use colink_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::channels::{Channel, SeatedChannel};

pub(super) mod archive;
pub(super) mod create;
pub(super) mod get;
pub(super) mod join;
pub(super) mod leave;
pub(super) mod list;
pub(super) mod patch;
pub(super) mod unarchive;
pub(super) mod update;

/// A channel as the caller sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChannelView {
    /// Its id.
    id: ChannelId,
    /// Its workspace.
    workspace_id: WorkspaceId,
    /// What sort it is.
    kind: ChannelKind,
    /// Its name; empty for a direct conversation.
    #[schema(example = "engineering")]
    name: String,
    /// Its name's unique form in the workspace; null for a direct conversation.
    #[schema(example = "engineering")]
    slug: Option<String>,
    /// What it is about at the moment.
    topic: Option<String>,
    /// What it is for.
    description: Option<String>,
    /// Everybody who joins the workspace is put into it.
    is_default: bool,
    /// It is read-only.
    archived: bool,
    /// Since when.
    archived_at: Option<Timestamp>,
    /// Whether the caller is in it.
    is_member: bool,
    /// As what; null when he is not.
    role: Option<ChannelRole>,
    /// Who created it.
    created_by: UserId,
    /// When it was created.
    created_at: Timestamp,
    /// When it last changed.
    updated_at: Timestamp,
}

impl From<SeatedChannel> for ChannelView {
    fn from(seated: SeatedChannel) -> Self {
        let SeatedChannel { channel, role, .. } = seated;
        let Channel { id, workspace_id, kind, name, slug, topic, description, is_default, .. } = channel;
        let Channel { archived_at, created_by, created_at, updated_at, .. } = channel;
        Self {
            id,
            workspace_id,
            kind,
            name,
            slug,
            topic,
            description,
            is_default,
            archived: archived_at.is_some(),
            archived_at,
            is_member: role.is_some(),
            role,
            created_by,
            created_at,
            updated_at,
        }
    }
}

/// The entity tag of the view: of the channel's version and of the caller's membership.
pub(super) fn tag(seated: &SeatedChannel) -> String {
    format!("\"v{}.{}\"", seated.channel.version, seated.member_version)
}
