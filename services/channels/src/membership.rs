//! Coming and going: what concerns more than one row.
//!
//! Contract: the caller of these holds the workspace's row, see the head of the schema.

use colink_core::id::{UserId, WorkspaceId};
use colink_core::role::{ChannelRole, WorkspaceRole};
use colink_events::channels::{
    ChannelMemberAdded, ChannelMemberRemoved, MemberJoined, MemberLeft, MemberRemoved, MemberRoleChanged,
    WorkspaceUpdated,
};

use crate::change::Change;
use crate::error::{Error, Result};
use crate::store::channels::Channel;
use crate::store::workspace_members::{Ending, WorkspaceMember};
use crate::store::workspaces::Workspace;
use crate::store::{channel_members, channels, invites, provisioned_members, workspace_members, workspaces};

/// Brings a user into a workspace and into its default channels; none when he is a member. `by` is whoever does it, the user
/// himself or another.
pub(crate) async fn join(
    change: &mut Change,
    workspace: &Workspace,
    user: UserId,
    role: WorkspaceRole,
    by: UserId,
) -> Result<Option<WorkspaceMember>> {
    let at = change.at();
    let member = workspace_members::activate(change.connection(), workspace.id, user, role, at).await?;
    settle(change, workspace, member, by).await
}

/// The same for a user whom the workspace's identity provider brought. Whoever was a member before stays what he is: who
/// left or was removed comes back by an invitation only, and a repeated event changes nothing.
pub(crate) async fn join_first(
    change: &mut Change,
    workspace: &Workspace,
    user: UserId,
) -> Result<Option<WorkspaceMember>> {
    let at = change.at();
    let member = provisioned_members::insert(change.connection(), workspace.id, user, at).await?;
    settle(change, workspace, member, user).await
}

async fn settle(
    change: &mut Change,
    workspace: &Workspace,
    member: Option<WorkspaceMember>,
    by: UserId,
) -> Result<Option<WorkspaceMember>> {
    let Some(member) = member else { return Ok(None) };
    let user = member.user_id;
    if let Some(limit) = workspace.member_limit
        && workspace_members::count(change.connection(), workspace.id).await? > limit
    {
        return Err(Error::WorkspaceFull);
    }
    change.emit(&MemberJoined(member.payload(by))).await?;
    for channel in channels::list_default(change.connection(), workspace.id).await? {
        enter(change, &channel, user, ChannelRole::Member, by).await?;
    }
    Ok(Some(member))
}

/// Puts a user into a channel; false when he is in it.
pub(crate) async fn enter(
    change: &mut Change,
    channel: &Channel,
    user: UserId,
    role: ChannelRole,
    by: UserId,
) -> Result<bool> {
    let at = change.at();
    let member = channel_members::activate(change.connection(), channel, user, role, at).await?;
    let Some(member) = member else { return Ok(false) };
    change.emit(&ChannelMemberAdded(member.payload(channel.kind, by))).await?;
    Ok(true)
}

/// Takes a user out of a channel; false when he was not in it.
pub(crate) async fn exit(change: &mut Change, channel: &Channel, user: UserId, by: UserId) -> Result<bool> {
    let at = change.at();
    let member = channel_members::end(change.connection(), channel.id, user, at).await?;
    let Some(member) = member else { return Ok(false) };
    change.emit(&ChannelMemberRemoved(member.payload(channel.kind, by))).await?;
    Ok(true)
}

/// Ends an active membership, and with it all the user's memberships in the workspace's channels and his invitations: he
/// cannot come back by one of his own.
pub(crate) async fn end(
    change: &mut Change,
    member: &WorkspaceMember,
    ending: Ending,
    by: UserId,
) -> Result<()> {
    let (workspace, user, at) = (member.workspace_id, member.user_id, change.at());
    keep_an_owner(change, member, None).await?;
    let ended = workspace_members::end(change.connection(), workspace, user, ending, at).await?;
    match ending {
        Ending::Left => change.emit(&MemberLeft(ended.payload(by))).await?,
        Ending::Removed => change.emit(&MemberRemoved(ended.payload(by))).await?,
    }
    invites::delete_all(change.connection(), workspace, user, at).await?;
    for ended in channel_members::end_all(change.connection(), workspace, user, at).await? {
        change.emit(&ChannelMemberRemoved(ended.member.payload(ended.kind, by))).await?;
    }
    hand_over(change, workspace).await
}

/// Refuses to end the last owner's membership (`to` is none), or to make him something less.
async fn keep_an_owner(
    change: &mut Change,
    member: &WorkspaceMember,
    to: Option<WorkspaceRole>,
) -> Result<()> {
    if member.role != WorkspaceRole::Owner || to == Some(WorkspaceRole::Owner) {
        return Ok(());
    }
    let owners = workspace_members::count_owners(change.connection(), member.workspace_id).await?;
    if owners > 1 { Ok(()) } else { Err(Error::LastOwner) }
}

/// Gives an active member another role. With a lower one his invitations end: he cannot take the old one back by one of
/// his own.
pub(crate) async fn change_role(
    change: &mut Change,
    member: &WorkspaceMember,
    to: WorkspaceRole,
    by: UserId,
) -> Result<()> {
    let (workspace, user, at) = (member.workspace_id, member.user_id, change.at());
    keep_an_owner(change, member, Some(to)).await?;
    let updated = workspace_members::update_role(change.connection(), workspace, user, to, at).await?;
    if to < member.role {
        invites::delete_all(change.connection(), workspace, user, at).await?;
    }
    change.emit(&MemberRoleChanged(updated.payload(by))).await?;
    hand_over(change, workspace).await
}

/// Sees to it that the workspace is given to somebody who is an owner.
async fn hand_over(change: &mut Change, workspace: WorkspaceId) -> Result<()> {
    let at = change.at();
    match workspaces::hand_over(change.connection(), workspace, at).await? {
        Some(given) => change.emit(&WorkspaceUpdated { workspace: given.payload() }).await,
        None => Ok(()),
    }
}
