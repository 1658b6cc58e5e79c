//! `message.updated`: a message is found by its new words only.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::messages::MessageUpdated;

use crate::consumers::Index;
use crate::store::messages;

#[async_trait]
impl Handler<MessageUpdated> for Index {
    async fn handle(&self, event: MessageUpdated, envelope: &Envelope) -> Result<(), HandleError> {
        self.done(envelope, messages::upsert_all(&self.state.pool, &[&event.0]).await)
    }
}
