//! Who is in a channel.

use colink_core::id::UserId;
use colink_core::role::ChannelRole;
use colink_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::channel_members::NamedChannelMember;
use crate::store::users::Profile;

pub(super) mod add;
pub(super) mod list;
pub(super) mod patch;
pub(super) mod remove;
pub(super) mod update;

/// A member of a channel.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChannelMemberView {
    /// The user.
    user_id: UserId,
    /// His names and picture.
    #[serde(flatten)]
    profile: Profile,
    /// His role.
    role: ChannelRole,
    /// When he joined.
    joined_at: Timestamp,
}

impl From<NamedChannelMember> for ChannelMemberView {
    fn from(named: NamedChannelMember) -> Self {
        let NamedChannelMember { member, profile } = named;
        Self { user_id: member.user_id, profile, role: member.role, joined_at: member.joined_at }
    }
}
