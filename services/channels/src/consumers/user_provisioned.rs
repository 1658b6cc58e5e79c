//! `user.provisioned`: a workspace's identity provider brought a user, who becomes a member.

use std::sync::Arc;

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::users::UserProvisioned;

use crate::change::{Change, Means};
use crate::error::{Error, Result};
use crate::membership;
use crate::store::workspaces;

/// Makes him a member.
pub(crate) struct JoinWorkspace(pub(crate) Arc<Means>);

#[async_trait]
impl Handler<UserProvisioned> for JoinWorkspace {
    async fn handle(
        &self,
        event: UserProvisioned,
        envelope: &Envelope,
    ) -> std::result::Result<(), HandleError> {
        match self.join(&event, envelope).await {
            Ok(()) => Ok(()),
            // Nobody waits for an answer, and trying again would hold up what else is to be known of him.
            Err(Error::WorkspaceFull) => {
                let (user, workspace) = (event.user_id, event.workspace_id);
                tracing::warn!(%user, %workspace, "the workspace is full: a provisioned user is no member of it");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl JoinWorkspace {
    async fn join(&self, event: &UserProvisioned, envelope: &Envelope) -> Result<()> {
        let mut change = Change::caused_by(&self.0, envelope.cause()).await?;
        let (workspace, user) = (event.workspace_id, event.user_id);
        let seated = workspaces::lock_seated(change.connection(), workspace, user).await?;
        // Deleted meanwhile: nobody can be a member of it.
        let Some(seated) = seated else { return Ok(()) };
        membership::join_first(&mut change, &seated.workspace, user).await?;
        change.commit().await
    }
}
