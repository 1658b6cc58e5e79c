//! `user.erased`: nobody is shown his name any more, and nobody can mention him by it. What was written with it is
//! rewritten by [`crate::jobs::erase_users`].

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::users::UserErased;

use crate::consumers::Projections;

#[async_trait]
impl Handler<UserErased> for Projections {
    async fn handle(&self, event: UserErased, _: &Envelope) -> Result<(), HandleError> {
        self.erased(event.user_id).await
    }
}
