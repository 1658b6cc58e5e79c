//! `workspace.updated`: whether it asks for a second factor.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::WorkspaceUpdated;

use crate::consumers::Projections;
use crate::store::projections;

#[async_trait]
impl Handler<WorkspaceUpdated> for Projections {
    async fn handle(&self, event: WorkspaceUpdated, _: &Envelope) -> Result<(), HandleError> {
        let WorkspaceUpdated { workspace } = event;
        let mut connection = self.pool.acquire().await?;
        let (asked, version) = (workspace.require_mfa, workspace.version);
        Ok(projections::upsert_workspace(&mut connection, workspace.id, asked, version).await?)
    }
}
