//! What other services ask. The gateway does not route these paths, and each takes a service token.

pub(super) mod find_workspace;
pub(super) mod get_shared;
pub(super) mod get_standing;
pub(super) mod get_workspace;
pub(super) mod get_workspace_member;
pub(super) mod list_channel_members;
pub(super) mod list_memberships;
pub(super) mod list_sole_ownerships;
pub(super) mod list_user_channels;
