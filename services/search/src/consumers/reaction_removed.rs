//! `reaction.removed`: with the last one a message is not found by `has:reaction` any more.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::messages::ReactionRemoved;

use crate::consumers::Index;
use crate::store::marks;

#[async_trait]
impl Handler<ReactionRemoved> for Index {
    async fn handle(&self, event: ReactionRemoved, envelope: &Envelope) -> Result<(), HandleError> {
        self.done(envelope, marks::set_reaction(&self.state.pool, &event.0).await)
    }
}
