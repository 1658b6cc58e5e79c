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
        self.done(envelope, messages::upsert(&self.state.pool, &event.0).await)
    }
}
