//! `workspace.deleted`: nobody has a place in it any more. Channels sends this one event for all members.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::WorkspaceDeleted;

use crate::consumers::Projections;
use crate::store::projections;

#[async_trait]
impl Handler<WorkspaceDeleted> for Projections {
    async fn handle(&self, event: WorkspaceDeleted, _: &Envelope) -> Result<(), HandleError> {
        let mut connection = self.pool.acquire().await?;
        Ok(projections::close_workspace(&mut connection, event.workspace.id).await?)
    }
}
