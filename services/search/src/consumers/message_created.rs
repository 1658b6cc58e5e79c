//! `message.created`: a message can be found.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::messages::MessageCreated;

use crate::consumers::Index;
use crate::store::messages;

#[async_trait]
impl Handler<MessageCreated> for Index {
    async fn handle(&self, event: MessageCreated, envelope: &Envelope) -> Result<(), HandleError> {
        self.done(envelope, messages::upsert_all(&self.state.pool, &[&event.0]).await)
    }

    async fn handle_all(&self, stretch: Vec<(MessageCreated, &Envelope)>) -> Result<(), HandleError> {
        let written: Vec<_> = stretch.iter().map(|(event, _)| &event.0).collect();
        messages::upsert_all(&self.state.pool, &written).await?;
        stretch.iter().try_for_each(|(_, envelope)| self.done(envelope, Ok(())))
    }
}
