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

    /// One commit for all: most of what a single one costs is the commit.
    async fn handle_all(&self, stretch: Vec<(MessageCreated, &Envelope)>) -> Result<(), HandleError> {
        let mut transaction = self.state.pool.begin().await?;
        for (event, _) in &stretch {
            messages::upsert(&mut *transaction, &event.0).await?;
        }
        transaction.commit().await?;
        stretch.iter().try_for_each(|(_, envelope)| self.done(envelope, Ok(())))
    }
}
