//! `user.erased`: the copy of the profile is made anonymous for good, the user's memberships end, and invitations to
//! his address go.
//!
//! The profile first: a straggling `user.updated` cannot bring it back. Then a workspace at a time, each in a transaction
//! of its own: a repeat goes on where the first try stopped.

use std::sync::Arc;

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_core::id::{UserId, WorkspaceId};
use colink_core::role::WorkspaceRole;
use colink_events::Envelope;
use colink_events::channels::WorkspaceDeleted;
use colink_events::users::UserErased;

use crate::change::{Change, Means};
use crate::error::{Error, Result};
use crate::membership;
use crate::store::workspace_members::{self, Ending, WorkspaceMember};
use crate::store::{fellowships, invites, users, workspaces};

/// Erases the user.
pub(crate) struct EraseUser(pub(crate) Arc<Means>);

#[async_trait]
impl Handler<UserErased> for EraseUser {
    async fn handle(&self, event: UserErased, envelope: &Envelope) -> std::result::Result<(), HandleError> {
        let pool = &self.0.pool;
        users::erase(pool, event.user_id).await?;
        if let Some(hash) = event.email_hash.as_deref().and_then(|hash| hex::decode(hash).ok()) {
            invites::delete_by_email_hash(pool, &hash).await?;
        }
        for workspace in fellowships::list_active(pool, event.user_id).await? {
            self.end(workspace, event.user_id, envelope).await?;
        }
        users::delete_answers(pool, event.user_id).await?;
        Ok(())
    }
}

impl EraseUser {
    async fn end(&self, workspace: WorkspaceId, user: UserId, envelope: &Envelope) -> Result<()> {
        let mut change = Change::caused_by(&self.0, envelope.cause()).await?;
        workspaces::lock_seated(change.connection(), workspace, user).await?;
        let member = workspace_members::lookup(change.connection(), workspace, user).await?;
        // He may have left since the list was read.
        let Some(member) = member else { return Ok(()) };
        match membership::end(&mut change, &member, Ending::Left, user).await {
            Ok(()) => {}
            Err(Error::LastOwner) => give_up(&mut change, &member).await?,
            Err(error) => return Err(error),
        }
        change.commit().await
    }
}

/// The last owner goes. Auth asks before it erases, so others are here only if they joined, or the other owner left, in
/// that moment: the longest-standing admin takes over, else the longest-standing member. Without others the workspace
/// ends.
async fn give_up(change: &mut Change, owner: &WorkspaceMember) -> Result<()> {
    let (workspace, at) = (owner.workspace_id, change.at());
    let heir = workspace_members::find_heir(change.connection(), workspace, owner.user_id).await?;
    let Some(heir) = heir else {
        let deleted = workspaces::delete(change.connection(), workspace, at).await?;
        return change.emit(&WorkspaceDeleted { workspace: deleted.payload() }).await;
    };
    membership::change_role(change, &heir, WorkspaceRole::Owner, owner.user_id).await?;
    membership::end(change, owner, Ending::Left, owner.user_id).await
}
