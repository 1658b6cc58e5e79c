//! `user.registered`: a user can be named.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::users::UserRegistered;

use crate::consumers::Index;
use crate::store::users;

#[async_trait]
impl Handler<UserRegistered> for Index {
    async fn handle(&self, event: UserRegistered, envelope: &Envelope) -> Result<(), HandleError> {
        self.done(envelope, users::upsert(&self.state.pool, &event.0).await)
    }
}
