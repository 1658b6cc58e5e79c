//! `channel_member.removed`: his next send is refused (C-6).

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::ChannelMemberRemoved;

use crate::consumers::Projections;

#[async_trait]
impl Handler<ChannelMemberRemoved> for Projections {
    async fn handle(&self, event: ChannelMemberRemoved, _: &Envelope) -> Result<(), HandleError> {
        self.channel_seat(event.0, None, false).await
    }
}
