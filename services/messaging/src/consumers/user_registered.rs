//! `user.registered`: a name to stand beside messages and to be mentioned by.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::users::UserRegistered;

use crate::consumers::Projections;

#[async_trait]
impl Handler<UserRegistered> for Projections {
    async fn handle(&self, event: UserRegistered, _: &Envelope) -> Result<(), HandleError> {
        self.user(event.0).await
    }
}
