//! `user.registered`: A new user's profile is copied.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::users::UserRegistered;
use sqlx::PgPool;

use crate::store::users;

/// Copies the profile.
pub(crate) struct CopyProfile(pub(crate) PgPool);

#[async_trait]
impl Handler<UserRegistered> for CopyProfile {
    async fn handle(&self, event: UserRegistered, _: &Envelope) -> Result<(), HandleError> {
        users::upsert(&self.0, &event.0).await?;
        Ok(())
    }
}
