//! `channel_member.added`: somebody may post, and has nothing unread from before.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::ChannelMemberAdded;

use crate::consumers::Projections;

#[async_trait]
impl Handler<ChannelMemberAdded> for Projections {
    async fn handle(&self, event: ChannelMemberAdded, _: &Envelope) -> Result<(), HandleError> {
        let role = event.0.role;
        self.channel_seat(event.0, Some(role), true).await
    }
}
