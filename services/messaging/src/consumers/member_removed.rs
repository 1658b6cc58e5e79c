//! `member.removed`: no channel of the workspace is his any more.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::MemberRemoved;

use crate::consumers::Projections;

#[async_trait]
impl Handler<MemberRemoved> for Projections {
    async fn handle(&self, event: MemberRemoved, _: &Envelope) -> Result<(), HandleError> {
        self.workspace_seat(event.0, None).await
    }
}
