//! `message.deleted`: a message is found no more.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::messages::MessageDeleted;

use crate::consumers::Index;
use crate::store::messages;

#[async_trait]
impl Handler<MessageDeleted> for Index {
    async fn handle(&self, event: MessageDeleted, envelope: &Envelope) -> Result<(), HandleError> {
        self.done(envelope, messages::bury(&self.state.pool, &event).await)
    }
}
