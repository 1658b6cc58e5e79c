//! `workspace.deleted`: the providers that the workspace brought along go, with their sealed secrets, what was begun at them,
//! and the links to accounts. The accounts stay, with their sessions: who has no other way in sets a password by
//! mail, as after any end of a provider.
//!
//! Few people are unlinked in one transaction, the provider's row goes in its last one: a repeat goes on where a try stopped.
//!
//! Nobody adds a provider afterwards, and nothing has to be remembered for that: channels commits the deletion before this
//! event is there, and who adds a provider asks channels while he holds the lock of the list. So he is told that there is no
//! workspace, or the list that is read here has his row.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_core::id::WorkspaceId;
use colink_events::Envelope;
use colink_events::channels::WorkspaceDeleted;
use uuid::Uuid;

use super::failed;
use crate::error::AuthError;
use crate::oidc::workspace_provider::{self, Change};
use crate::state::State;
use crate::store::oidc_providers;

/// People who are unlinked in one transaction: an event and a mail each.
const BATCH: i64 = 100;

/// Removes a workspace's providers.
pub(crate) struct RemoveProviders(pub(crate) State);

#[async_trait]
impl Handler<WorkspaceDeleted> for RemoveProviders {
    async fn handle(&self, event: WorkspaceDeleted, envelope: &Envelope) -> Result<(), HandleError> {
        let workspace = event.workspace.id;
        let cause = envelope.cause();
        // Where the system itself deleted it, the event about the provider is its owner's: it must be somebody's.
        let by = cause.actor.as_ref().and_then(|actor| actor.user_id).unwrap_or(event.workspace.owner_id);
        let change = Change { by, cause: &cause };
        for provider in self.list(workspace).await.map_err(failed)? {
            while !self.remove_some(workspace, provider, &change).await.map_err(failed)? {}
        }
        Ok(())
    }
}

impl RemoveProviders {
    /// The workspace's providers, once nobody is adding one.
    async fn list(&self, workspace: WorkspaceId) -> Result<Vec<Uuid>, AuthError> {
        let mut transaction = self.0.begin().await?;
        oidc_providers::lock_list(&mut transaction, workspace).await?;
        let stored = oidc_providers::list(&mut *transaction, workspace).await?;
        Ok(stored.into_iter().map(|provider| provider.id).collect())
    }

    /// Whether the provider is gone, also by somebody else.
    async fn remove_some(
        &self,
        workspace: WorkspaceId,
        id: Uuid,
        change: &Change<'_>,
    ) -> Result<bool, AuthError> {
        let state = &self.0;
        let mut transaction = state.begin().await?;
        let Some(provider) = oidc_providers::lock(&mut transaction, workspace, id).await? else {
            return Ok(true);
        };
        let unlinked =
            workspace_provider::unlink(state, &mut transaction, &provider, BATCH, change.cause).await?;
        let was_all = unlinked < BATCH;
        if was_all {
            workspace_provider::delete(state, &mut transaction, &provider, change).await?;
        }
        state.commit(transaction).await?;
        Ok(was_all)
    }
}
