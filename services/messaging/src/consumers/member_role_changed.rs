//! `member.role_changed`: somebody may do more or less in every channel.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::MemberRoleChanged;

use crate::consumers::Projections;

#[async_trait]
impl Handler<MemberRoleChanged> for Projections {
    async fn handle(&self, event: MemberRoleChanged, _: &Envelope) -> Result<(), HandleError> {
        let role = event.0.role;
        self.workspace_seat(event.0, Some(role)).await
    }
}
