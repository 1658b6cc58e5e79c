//! `user.updated`: A changed profile is copied, unless a later one is here.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::users::UserUpdated;
use sqlx::PgPool;

use crate::store::users;

/// Copies the profile.
pub(crate) struct CopyProfile(pub(crate) PgPool);

#[async_trait]
impl Handler<UserUpdated> for CopyProfile {
    async fn handle(&self, event: UserUpdated, _: &Envelope) -> Result<(), HandleError> {
        users::upsert(&self.0, &event.0).await?;
        Ok(())
    }
}
