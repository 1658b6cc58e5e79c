//! `member.joined`: a member of the workspace.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::MemberJoined;

use crate::consumers::Projections;

#[async_trait]
impl Handler<MemberJoined> for Projections {
    async fn handle(&self, event: MemberJoined, _: &Envelope) -> Result<(), HandleError> {
        let role = event.0.role;
        self.workspace_seat(event.0, Some(role)).await
    }
}
