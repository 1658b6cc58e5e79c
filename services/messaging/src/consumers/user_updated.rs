//! `user.updated`: another name or picture.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::users::UserUpdated;

use crate::consumers::Projections;

#[async_trait]
impl Handler<UserUpdated> for Projections {
    async fn handle(&self, event: UserUpdated, _: &Envelope) -> Result<(), HandleError> {
        self.user(event.0).await
    }
}
