//! Who is asking and what he may do: the only callers of `colink_core::permission::decide`.
//!
//! Whoever is outside the workspace is told that there is no such thing (404), whoever is inside and may not is told so
//! (403). A realm admin passes where only membership is missing; the [`Permit`] remembers it, to be audited.
//!
//! A workspace that asks for a second factor is closed to sessions that were not proven by one, of realm admins too;
//! only leaving it is not. Whoever is outside does not learn that it asks for one.

use colink_auth::Caller;
use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::permission::{Action, Decision, Scope, Scopes, Standing, decide, may_remove_from_channel};
use colink_core::role::{ChannelRole, WorkspaceRole};
use colink_core::time::Timestamp;
use colink_events::channels::AccessBypassed;
use sqlx::{PgConnection, PgExecutor};

use crate::error::{Error, Result};
use crate::store::channels::{self, SeatedChannel};
use crate::store::standing::NearChannel;
use crate::store::workspaces::{self, SeatedWorkspace};

/// That an action may go on, and how.
#[derive(Debug, Clone, Copy)]
#[must_use = "a bypass has to be audited"]
pub(crate) struct Permit {
    action: Action,
    workspace_id: WorkspaceId,
    channel_id: Option<ChannelId>,
    user_id: UserId,
    bypass: bool,
}

impl Permit {
    /// What is permitted.
    pub(crate) fn action(self) -> Action {
        self.action
    }

    /// Whether a realm admin passes without the membership others need.
    pub(crate) fn is_bypass(self) -> bool {
        self.bypass
    }

    /// The event to audit, when there is one.
    pub(crate) fn bypass(self, at: Timestamp) -> Option<AccessBypassed> {
        self.bypass.then(|| AccessBypassed {
            workspace_id: Some(self.workspace_id),
            channel_id: self.channel_id,
            action: self.action.as_str().to_owned(),
            user_id: self.user_id,
            at,
        })
    }
}

/// A workspace as the caller stands to it.
#[derive(Debug, Clone)]
pub(crate) struct WorkspaceAccess {
    pub(crate) seated: SeatedWorkspace,
    pub(crate) user_id: UserId,
    realm_admin: bool,
    scopes: Scopes,
    second_factor: bool,
}

impl WorkspaceAccess {
    /// Reads a workspace that is not deleted.
    pub(crate) async fn read(
        executor: impl PgExecutor<'_>,
        caller: &Caller,
        id: WorkspaceId,
    ) -> Result<Self> {
        let seated = workspaces::find_seated(executor, id, caller.user_id()).await?;
        Self::of(seated, caller)
    }

    /// The same, and holds the workspace's row until the transaction ends.
    pub(crate) async fn lock(
        connection: &mut PgConnection,
        caller: &Caller,
        id: WorkspaceId,
    ) -> Result<Self> {
        let seated = workspaces::lock_seated(connection, id, caller.user_id()).await?;
        Self::of(seated, caller)
    }

    fn of(seated: Option<SeatedWorkspace>, caller: &Caller) -> Result<Self> {
        let seated = seated.ok_or(Error::NotFound("workspace"))?;
        let (user_id, realm_admin, scopes) = (caller.user_id(), caller.realm_admin(), caller.scopes());
        Ok(Self { seated, user_id, realm_admin, scopes, second_factor: caller.has_second_factor() })
    }

    /// The caller's role; none for a realm admin from outside.
    pub(crate) fn role(&self) -> Option<WorkspaceRole> {
        self.seated.role
    }

    /// The caller's standing with no channel in view.
    pub(crate) fn standing(&self) -> Standing {
        Standing::in_workspace(self.realm_admin, self.seated.role, self.scopes)
    }

    /// Whether the caller sees public channels that he is not in.
    pub(crate) fn sees_public_channels(&self) -> bool {
        decide(&self.standing(), Action::ViewChannel).is_allowed()
    }

    /// Lets the caller do `action`, or refuses.
    pub(crate) fn permit(&self, action: Action) -> Result<Permit> {
        let bypass = admit(&self.standing(), action, "workspace")?;
        if self.seated.workspace.require_mfa && !self.second_factor && action != Action::LeaveWorkspace {
            return Err(Error::SecondFactor);
        }
        Ok(self.permit_as(action, bypass))
    }

    /// Lets the caller do `action` to somebody when his role suffices, see `may_change_role`. A realm admin whose role
    /// does not suffice passes as a bypass.
    pub(crate) fn permit_over(&self, action: Action, may: impl Fn(WorkspaceRole) -> bool) -> Result<Permit> {
        let permit = self.permit(action)?;
        if permit.is_bypass() || self.role().is_some_and(may) {
            Ok(permit)
        } else if self.realm_admin {
            Ok(self.permit_as(action, true))
        } else {
            Err(Error::Forbidden("Your role in the workspace does not suffice for this."))
        }
    }

    /// Whoever begins or enters something in a workspace is in the workspace himself, realm admins too.
    pub(crate) fn require_membership(&self) -> Result<()> {
        let missing = Error::Forbidden("Join the workspace first.");
        self.role().map(drop).ok_or(missing)
    }

    fn permit_as(&self, action: Action, bypass: bool) -> Permit {
        let workspace_id = self.seated.workspace.id;
        Permit { action, workspace_id, channel_id: None, user_id: self.user_id, bypass }
    }
}

/// A channel as the caller stands to it.
#[derive(Debug, Clone)]
pub(crate) struct ChannelAccess {
    pub(crate) seated: SeatedChannel,
    pub(crate) user_id: UserId,
    realm_admin: bool,
    scopes: Scopes,
    second_factor: bool,
}

impl ChannelAccess {
    /// Reads a channel of a workspace that is not deleted.
    pub(crate) async fn read(executor: impl PgExecutor<'_>, caller: &Caller, id: ChannelId) -> Result<Self> {
        let seated = channels::find_seated(executor, id, caller.user_id()).await?;
        Self::of(seated, caller)
    }

    /// The same, and holds the channel's row until the transaction ends.
    pub(crate) async fn lock(connection: &mut PgConnection, caller: &Caller, id: ChannelId) -> Result<Self> {
        let seated = channels::lock_seated(connection, id, caller.user_id()).await?;
        Self::of(seated, caller)
    }

    fn of(seated: Option<SeatedChannel>, caller: &Caller) -> Result<Self> {
        let seated = seated.ok_or(Error::NotFound("channel"))?;
        let (user_id, realm_admin, scopes) = (caller.user_id(), caller.realm_admin(), caller.scopes());
        Ok(Self { seated, user_id, realm_admin, scopes, second_factor: caller.has_second_factor() })
    }

    /// The caller's standing.
    pub(crate) fn standing(&self) -> Standing {
        self.seated.standing(self.realm_admin, self.scopes)
    }

    /// Lets the caller do `action`, or refuses.
    pub(crate) fn permit(&self, action: Action) -> Result<Permit> {
        let bypass = admit(&self.standing(), action, "channel")?;
        self.require_second_factor()?;
        Ok(self.permit_as(action, bypass))
    }

    /// Lets the caller remove somebody who is `target` in the channel, or refuses.
    pub(crate) fn permit_removal(&self, target: ChannelRole) -> Result<Permit> {
        let action = Action::RemoveFromChannel;
        let standing = self.standing();
        let bypass = answer(may_remove_from_channel(&standing, target), &standing, action, "channel")?;
        self.require_second_factor()?;
        Ok(self.permit_as(action, bypass))
    }

    /// Refuses a session without the second factor that the workspace asks for. Where no action has to be permitted.
    pub(crate) fn require_second_factor(&self) -> Result<()> {
        if self.seated.require_mfa && !self.second_factor { Err(Error::SecondFactor) } else { Ok(()) }
    }

    fn permit_as(&self, action: Action, bypass: bool) -> Permit {
        let channel = &self.seated.channel;
        let (workspace_id, channel_id) = (channel.workspace_id, Some(channel.id));
        Permit { action, workspace_id, channel_id, user_id: self.user_id, bypass }
    }
}

/// Whether a user may read a channel near him. What his token may be used for is asked where it is known.
pub(crate) fn may_read(near: &NearChannel) -> bool {
    let standing = Standing {
        realm_admin: false,
        workspace: Some(near.workspace_role),
        channel: near.channel_role,
        kind: near.kind,
        archived: near.archived,
        scopes: Scopes::ALL,
    };
    decide(&standing, Action::ReadMessages).is_allowed()
}

/// Whether the way in is a bypass.
fn admit(standing: &Standing, action: Action, what: &'static str) -> Result<bool> {
    answer(decide(standing, action), standing, action, what)
}

fn answer(decision: Decision, standing: &Standing, action: Action, what: &'static str) -> Result<bool> {
    match decision {
        Decision::Allow => Ok(false),
        Decision::AllowAsRealmAdmin => Ok(true),
        Decision::Forbid => {
            Err(Error::Forbidden(standing.lacks(action).map_or("You may not do this here.", Scope::refusal)))
        }
        Decision::Hide => Err(Error::NotFound(what)),
    }
}
