//! `channel.created`: a channel can be posted to.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::ChannelCreated;

use crate::consumers::Projections;

#[async_trait]
impl Handler<ChannelCreated> for Projections {
    async fn handle(&self, event: ChannelCreated, _: &Envelope) -> Result<(), HandleError> {
        self.channel(event.channel).await
    }
}
