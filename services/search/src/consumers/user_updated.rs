//! `user.updated`: another name or picture.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::users::UserUpdated;

use crate::consumers::Index;
use crate::store::users;

#[async_trait]
impl Handler<UserUpdated> for Index {
    async fn handle(&self, event: UserUpdated, envelope: &Envelope) -> Result<(), HandleError> {
        self.done(envelope, users::upsert(&self.state.pool, &event.0).await)
    }
}
