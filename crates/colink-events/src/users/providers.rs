//! Sign-in through other identity providers. A provider is named as in URLs; no event holds what it says of a person.

use colink_core::id::{UserId, WorkspaceId};
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::event;

/// A user can sign in through a provider from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderLinked {
    /// The user.
    pub user_id: UserId,
    /// The provider.
    pub provider: String,
    /// How it came about: `user` (he asked for it), `provisioned` (with the account), `address` (the verified address was
    /// the same).
    pub by: String,
    /// When.
    pub at: Timestamp,
}

event!(ProviderLinked = Users "provider.linked" v 1; |e| e.user_id, |_: &Self| None);

/// A user cannot sign in through a provider any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderUnlinked {
    /// The user.
    pub user_id: UserId,
    /// The provider.
    pub provider: String,
    /// When.
    pub at: Timestamp,
}

event!(ProviderUnlinked = Users "provider.unlinked" v 1; |e| e.user_id, |_: &Self| None);

/// The provider of a workspace brought a user: he is to be a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserProvisioned {
    /// The user.
    pub user_id: UserId,
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The provider.
    pub provider: String,
    /// When.
    pub at: Timestamp,
}

event!(UserProvisioned = Users "user.provisioned" v 1; |e| e.user_id, |e: &Self| Some(e.workspace_id));

/// An administrator changed through which provider a workspace's people sign in. The key of the event is the administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SsoProviderChanged {
    /// Who changed it.
    pub user_id: UserId,
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The provider.
    pub provider: String,
    /// What happened: `created`, `updated`, `deleted`.
    pub change: String,
    /// Whether its word on addresses or second factors counts in the whole installation.
    pub trusted: bool,
    /// When.
    pub at: Timestamp,
}

event!(SsoProviderChanged = Users "sso_provider.changed" v 1; |e| e.user_id, |e: &Self| Some(e.workspace_id));
