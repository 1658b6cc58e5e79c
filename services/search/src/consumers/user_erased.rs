//! `user.erased`: his name is shown and found no more.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::users::UserErased;

use crate::consumers::Index;
use crate::store::users;

#[async_trait]
impl Handler<UserErased> for Index {
    async fn handle(&self, event: UserErased, envelope: &Envelope) -> Result<(), HandleError> {
        self.done(envelope, users::erase(&self.state.pool, event.user_id).await)
    }
}
