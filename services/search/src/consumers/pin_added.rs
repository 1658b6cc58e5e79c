//! `pin.added`: a message is found by `is:pinned`.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::messages::PinAdded;

use crate::consumers::Index;
use crate::store::marks;

#[async_trait]
impl Handler<PinAdded> for Index {
    async fn handle(&self, event: PinAdded, envelope: &Envelope) -> Result<(), HandleError> {
        self.done(envelope, marks::set_pin(&self.state.pool, &event.0, true).await)
    }
}
