//! `reaction.added`: a message is found by `has:reaction`.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::messages::ReactionAdded;

use crate::consumers::Index;
use crate::store::marks;

#[async_trait]
impl Handler<ReactionAdded> for Index {
    async fn handle(&self, event: ReactionAdded, envelope: &Envelope) -> Result<(), HandleError> {
        self.done(envelope, marks::set_reaction(&self.state.pool, &event.0).await)
    }
}
