//! `channel.unarchived`: posting goes on.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::ChannelUnarchived;

use crate::consumers::Projections;

#[async_trait]
impl Handler<ChannelUnarchived> for Projections {
    async fn handle(&self, event: ChannelUnarchived, _: &Envelope) -> Result<(), HandleError> {
        self.channel(event.channel).await
    }
}
