//! `user.erased`: the copy of the profile is made anonymous, for good.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::users::UserErased;
use sqlx::PgPool;

use crate::store::users;

/// Erases the profile.
pub(crate) struct EraseProfile(pub(crate) PgPool);

#[async_trait]
impl Handler<UserErased> for EraseProfile {
    async fn handle(&self, event: UserErased, _: &Envelope) -> Result<(), HandleError> {
        users::erase(&self.0, event.user_id).await?;
        Ok(())
    }
}
