//! `channel.updated`: another name or kind.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::ChannelUpdated;

use crate::consumers::Index;
use crate::store::channels;

#[async_trait]
impl Handler<ChannelUpdated> for Index {
    async fn handle(&self, event: ChannelUpdated, envelope: &Envelope) -> Result<(), HandleError> {
        self.done(envelope, channels::upsert(&self.state.pool, &event.channel).await)
    }
}
