//! `channel.archived`: nothing more is posted.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::ChannelArchived;

use crate::consumers::Projections;

#[async_trait]
impl Handler<ChannelArchived> for Projections {
    async fn handle(&self, event: ChannelArchived, _: &Envelope) -> Result<(), HandleError> {
        self.channel(event.channel).await
    }
}
