//! `member.left`: no channel of the workspace is his any more.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::MemberLeft;

use crate::consumers::Projections;

#[async_trait]
impl Handler<MemberLeft> for Projections {
    async fn handle(&self, event: MemberLeft, _: &Envelope) -> Result<(), HandleError> {
        self.workspace_seat(event.0, None).await
    }
}
