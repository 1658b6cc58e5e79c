//! `channel.created`: a channel can be named.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::ChannelCreated;

use crate::consumers::Index;
use crate::store::channels;

#[async_trait]
impl Handler<ChannelCreated> for Index {
    async fn handle(&self, event: ChannelCreated, envelope: &Envelope) -> Result<(), HandleError> {
        self.done(envelope, channels::upsert(&self.state.pool, &event.channel).await)
    }
}
