//! `pin.removed`: a message is not found by `is:pinned` any more.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::messages::PinRemoved;

use crate::consumers::Index;
use crate::store::marks;

#[async_trait]
impl Handler<PinRemoved> for Index {
    async fn handle(&self, event: PinRemoved, envelope: &Envelope) -> Result<(), HandleError> {
        self.done(envelope, marks::set_pin(&self.state.pool, &event.0, false).await)
    }
}
