//! `user.erased`: his pictures are deleted, and uploads that he had not finished are given up. Files that he shared stay
//! with the conversation; they name him by his id, behind which nobody stands any more.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::files::FileDeleted;
use colink_events::users::UserErased;

use crate::domain::file::Status;
use crate::error::{Error, Result};
use crate::state::State;
use crate::store::pending_events::PendingEvent;

/// Removes what is left of a user.
pub(crate) struct RemoveTraces(pub(crate) State);

#[async_trait]
impl Handler<UserErased> for RemoveTraces {
    async fn handle(&self, event: UserErased, envelope: &Envelope) -> std::result::Result<(), HandleError> {
        self.remove(&event, envelope).await.map_err(HandleError::from)
    }
}

impl RemoveTraces {
    async fn remove(&self, event: &UserErased, envelope: &Envelope) -> Result<()> {
        let state = &self.0;
        let (user, at) = (event.user_id, state.clock.timestamp());
        for file in state.files.list_avatars(user).await? {
            let deleted = FileDeleted {
                file_id: file.id,
                channel_id: file.channel_id,
                workspace_id: file.workspace_id,
                deleted_by: Some(user),
                at,
            };
            let event = PendingEvent::seal(&deleted, &envelope.cause(), state.clock.as_ref())?;
            if state.files.delete(file.id, Status::Uploaded, user, at, Some(event)).await? {
                state.metrics.deleted(file.id);
            }
        }
        state.files.expire_of_uploader(user, at).await?;
        state.wake.notify_one();
        Ok(())
    }
}

/// A store that is away is waited for; anything else is tried again, then parked.
impl From<Error> for HandleError {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) if error.is_transient() => Self::unavailable(error),
            error => Self::retry(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use colink_store::StoreError;

    use super::*;

    #[test]
    fn an_outage_is_waited_for_and_a_refusal_is_not() {
        let handled = |store: StoreError| HandleError::from(Error::from(store));
        let away = [StoreError::unavailable("mongo", "down"), StoreError::timeout("mongo", "slow")];
        for error in away {
            assert!(matches!(handled(error), HandleError::Unavailable(_)));
        }
        assert!(matches!(handled(StoreError::rejected("mongo", "no")), HandleError::Retry(_)));
        assert!(matches!(HandleError::from(Error::NotFound("file")), HandleError::Retry(_)));
    }
}
