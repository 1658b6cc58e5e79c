//! `dm.created`: a direct conversation can be shown.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::channels::DmCreated;

use crate::consumers::Index;
use crate::store::channels;

#[async_trait]
impl Handler<DmCreated> for Index {
    async fn handle(&self, event: DmCreated, envelope: &Envelope) -> Result<(), HandleError> {
        self.done(envelope, channels::upsert_dm(&self.state.pool, &event).await)
    }
}
