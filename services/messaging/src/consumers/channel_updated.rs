//! `channel.updated`: its kind may have changed.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::ChannelUpdated;

use crate::consumers::Projections;

#[async_trait]
impl Handler<ChannelUpdated> for Projections {
    async fn handle(&self, event: ChannelUpdated, _: &Envelope) -> Result<(), HandleError> {
        self.channel(event.channel).await
    }
}
