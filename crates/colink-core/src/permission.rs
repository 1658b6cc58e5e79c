//! Who may do what: one pure function over two tables, used by every service.
//!
//! - Outside the workspace everything is hidden: the answer is that of an id that does not exist.
//! - A public channel can be read by every member of the workspace but guests; to speak in it, one joins.
//! - A private channel or a direct conversation is closed to whoever is not in it.
//! - Owners and admins of the workspace manage every channel but direct conversations without joining;
//!   to read a private one or to speak in any, they join. Moderators of the workspace keep order in
//!   public channels without joining, and in the others they are in.
//! - In a direct conversation all are equal, and its members are fixed.
//! - A guest in a channel is an ordinary member of it at most, whatever role he was given there.
//! - An archived channel is read-only for everybody; a realm admin may still delete what must not stay.
//! - A realm admin passes where membership is all that is missing. The answer says so, to be audited.
//! - A token with fewer [`Scopes`] than its user has rights does only what they name, and is no realm admin's unless
//!   they say so.
//!
//! The tables are proved by `tests/permissions.txt`, which lists the answer to every combination.

use crate::role::{ChannelKind, ChannelRole, WorkspaceRole};

mod action;
mod scope;

pub use action::Action;
pub use scope::{Scope, Scopes};

/// What a user is with regard to a channel and its workspace.
///
/// For an action on a workspace, `channel`, `kind` and `archived` are not looked at:
/// [`Standing::in_workspace`] fills them in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Standing {
    /// The user administers the whole installation.
    pub realm_admin: bool,
    /// His role in the workspace; none when he is not an active member.
    pub workspace: Option<WorkspaceRole>,
    /// His role in the channel; none when he is not in it.
    pub channel: Option<ChannelRole>,
    /// What sort of channel it is.
    pub kind: ChannelKind,
    /// The channel is archived.
    pub archived: bool,
    /// What his token may be used for; [`Scopes::ALL`] for a person who signed in.
    pub scopes: Scopes,
}

impl Standing {
    /// The standing in a workspace, with no channel in view.
    pub const fn in_workspace(realm_admin: bool, workspace: Option<WorkspaceRole>, scopes: Scopes) -> Self {
        Self { realm_admin, workspace, channel: None, kind: ChannelKind::Public, archived: false, scopes }
    }

    /// The scope that keeps the token from `action`, if one does: for the words of the refusal.
    pub const fn lacks(&self, action: Action) -> Option<Scope> {
        let scope = action.scope();
        if self.scopes.contains(scope) { None } else { Some(scope) }
    }
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Decision {
    /// Go on.
    Allow,
    /// Go on, and audit that a realm admin passed without the membership others need.
    AllowAsRealmAdmin,
    /// 403: he may know of the thing, and may not do this to it.
    Forbid,
    /// 404: he may not know of the thing.
    Hide,
}

impl Decision {
    /// Whether the action may go on, audited or not.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allow | Self::AllowAsRealmAdmin)
    }
}

/// How near a user is to a channel. A greater seat may do what a lesser one may.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Seat {
    /// Outside, and may not read it.
    Outside,
    /// Outside, and may read it: it is public.
    Reader,
    /// In it, as a guest of the workspace.
    Guest,
    /// In it.
    Member,
    /// In it and keeps order.
    Moderator,
    /// In it and manages it.
    Owner,
}

/// What a user's role in the workspace lets him do to a channel without a seat in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Office {
    /// Nothing.
    None,
    /// Keep order.
    Moderator,
    /// Manage.
    Admin,
    /// More than anybody has: the action always takes a seat.
    Nobody,
}

/// Whom a special state of the channel leaves able to act.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Open {
    /// Nobody: the action makes no sense in this state.
    Nobody,
    /// Realm admins, as a bypass.
    Realm,
    /// Everybody who otherwise may.
    All,
}

/// Who may do an action. Either the seat or the office is enough.
enum Rule {
    Channel { seat: Seat, office: Office, dm: Open, archived: Open },
    Workspace { least: WorkspaceRole },
}

#[rustfmt::skip]
const fn rule(action: Action) -> Rule {
    use Action as A;
    use Open::{All, Nobody as Never, Realm};

    const fn channel(seat: Seat, office: Office, dm: Open, archived: Open) -> Rule {
        Rule::Channel { seat, office, dm, archived }
    }
    const fn workspace(least: WorkspaceRole) -> Rule {
        Rule::Workspace { least }
    }

    match action {
        // In a channel:             least seat in it  or office without   in a DM  archived
        A::ViewChannel       => channel(Seat::Reader,    Office::Admin,     All,     All),
        A::ReadMessages      => channel(Seat::Reader,    Office::Nobody,    All,     All),
        A::Search            => channel(Seat::Reader,    Office::Nobody,    All,     All),
        A::ReadFiles         => channel(Seat::Reader,    Office::Nobody,    All,     All),
        A::Subscribe         => channel(Seat::Reader,    Office::Nobody,    All,     All),
        A::SendMessage       => channel(Seat::Guest,     Office::Nobody,    All,     Never),
        A::EditOwnMessage    => channel(Seat::Guest,     Office::Nobody,    All,     Never),
        A::DeleteOwnMessage  => channel(Seat::Guest,     Office::Nobody,    All,     Never),
        A::DeleteAnyMessage  => channel(Seat::Moderator, Office::Moderator, Realm,   Realm),
        A::React             => channel(Seat::Guest,     Office::Nobody,    All,     Never),
        A::Type              => channel(Seat::Guest,     Office::Nobody,    All,     Never),
        A::Pin               => channel(Seat::Moderator, Office::Nobody,    All,     Never),
        A::MentionAll        => channel(Seat::Member,    Office::Nobody,    All,     Never),
        A::UploadFile        => channel(Seat::Guest,     Office::Nobody,    All,     Never),
        A::DeleteOwnFile     => channel(Seat::Guest,     Office::Nobody,    All,     Never),
        A::DeleteAnyFile     => channel(Seat::Moderator, Office::Moderator, Realm,   Realm),
        A::JoinChannel       => channel(Seat::Reader,    Office::Admin,     Never,   Never),
        A::LeaveChannel      => channel(Seat::Guest,     Office::Nobody,    Never,   All),
        A::InviteToChannel   => channel(Seat::Moderator, Office::Admin,     Never,   Never),
        A::RemoveFromChannel => channel(Seat::Moderator, Office::Moderator, Never,   Never),
        A::ChangeChannelRole => channel(Seat::Owner,     Office::Admin,     Never,   Never),
        A::UpdateChannel     => channel(Seat::Moderator, Office::Admin,     Never,   Never),
        A::ArchiveChannel    => channel(Seat::Owner,     Office::Admin,     Never,   All),
        A::UnarchiveChannel  => channel(Seat::Owner,     Office::Admin,     Never,   All),

        // In a workspace:                  least role
        A::ViewWorkspace        => workspace(WorkspaceRole::Guest),
        A::LeaveWorkspace       => workspace(WorkspaceRole::Guest),
        A::ListChannels         => workspace(WorkspaceRole::Guest),
        A::ListWorkspaceMembers => workspace(WorkspaceRole::Member),
        A::CreatePublicChannel  => workspace(WorkspaceRole::Member),
        A::CreatePrivateChannel => workspace(WorkspaceRole::Member),
        A::InviteToWorkspace    => workspace(WorkspaceRole::Admin),
        A::AddBot               => workspace(WorkspaceRole::Admin),
        A::RemoveFromWorkspace  => workspace(WorkspaceRole::Admin),
        A::ChangeWorkspaceRole  => workspace(WorkspaceRole::Admin),
        A::UpdateWorkspace      => workspace(WorkspaceRole::Admin),
        A::DeleteWorkspace      => workspace(WorkspaceRole::Owner),
    }
}

/// Whether a user of this standing may do `action`.
pub fn decide(standing: &Standing, action: Action) -> Decision {
    let realm_admin = standing.realm_admin && standing.scopes.contains(Scope::Admin);
    if standing.workspace.is_none() && !realm_admin {
        return Decision::Hide;
    }
    if standing.lacks(action).is_some() {
        return Decision::Forbid;
    }
    let (qualified, open) = match rule(action) {
        Rule::Workspace { least } => (standing.workspace.is_some_and(|role| role >= least), Open::All),
        Rule::Channel { seat, office, dm, archived } => {
            let in_dm = if standing.kind == ChannelKind::Dm { dm } else { Open::All };
            let in_archive = if standing.archived { archived } else { Open::All };
            let qualified = seat_of(standing) >= seat || office_of(standing) >= office;
            (qualified, in_dm.min(in_archive))
        }
    };
    if qualified && open == Open::All {
        Decision::Allow
    } else if realm_admin && open > Open::Nobody && !takes_own_membership(action) {
        Decision::AllowAsRealmAdmin
    } else {
        Decision::Forbid
    }
}

/// Nobody leaves what he is not in, so there is nothing for a realm admin to bypass.
const fn takes_own_membership(action: Action) -> bool {
    matches!(action, Action::LeaveChannel | Action::LeaveWorkspace)
}

fn seat_of(standing: &Standing) -> Seat {
    let Some(workspace) = standing.workspace else { return Seat::Outside };
    let Some(role) = standing.channel else {
        let readable = standing.kind == ChannelKind::Public && workspace > WorkspaceRole::Guest;
        return if readable { Seat::Reader } else { Seat::Outside };
    };
    if standing.kind == ChannelKind::Dm {
        return Seat::Owner;
    }
    let own = match role {
        ChannelRole::Member => Seat::Member,
        ChannelRole::Moderator => Seat::Moderator,
        ChannelRole::Owner => Seat::Owner,
    };
    match workspace {
        WorkspaceRole::Guest => Seat::Guest,
        WorkspaceRole::Member => own,
        WorkspaceRole::Moderator => own.max(Seat::Moderator),
        WorkspaceRole::Admin | WorkspaceRole::Owner => Seat::Owner,
    }
}

fn office_of(standing: &Standing) -> Office {
    match (standing.kind, standing.workspace) {
        (ChannelKind::Dm, _) => Office::None,
        (_, Some(WorkspaceRole::Admin | WorkspaceRole::Owner)) => Office::Admin,
        (ChannelKind::Public, Some(WorkspaceRole::Moderator)) => Office::Moderator,
        _ => Office::None,
    }
}

/// Whether `actor` may give the role `to` to a member who is `target` now.
///
/// Nobody touches a role above his own, nobody gives one above his own, and it takes an admin. The last
/// owner's role is guarded where members are counted, not here.
pub fn may_change_role(actor: WorkspaceRole, target: WorkspaceRole, to: WorkspaceRole) -> bool {
    actor >= WorkspaceRole::Admin && target <= actor && to <= actor
}

/// Whether `actor` may remove a member who is `target` from the workspace.
pub fn may_remove_member(actor: WorkspaceRole, target: WorkspaceRole) -> bool {
    actor >= WorkspaceRole::Admin && target <= actor
}

/// Whether a user of this standing may remove somebody who is `target` in the channel. Beyond
/// [`Action::RemoveFromChannel`]: whoever only keeps order removes no owner.
pub fn may_remove_from_channel(standing: &Standing, target: ChannelRole) -> Decision {
    let needed =
        if target == ChannelRole::Owner { Action::ChangeChannelRole } else { Action::RemoveFromChannel };
    decide(standing, needed)
}
