//! `channel_member.role_changed`: somebody may do more or less.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::ChannelMemberRoleChanged;

use crate::consumers::Projections;

#[async_trait]
impl Handler<ChannelMemberRoleChanged> for Projections {
    async fn handle(&self, event: ChannelMemberRoleChanged, _: &Envelope) -> Result<(), HandleError> {
        let role = event.0.role;
        self.channel_seat(event.0, Some(role), false).await
    }
}
