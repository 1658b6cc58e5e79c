//! Takes statuses away whose time is over, and tells everybody.
//!
//! Readers do not wait for it: an expired status is not shown. What this is for are the copies of others, and clients
//! that have the profile already.

use std::time::Duration;

use colink_events::Cause;
use colink_events::users::UserUpdated;
use colink_jobs::{Job, JobFailure, JobRun};
use serde::{Deserialize, Serialize};

use crate::error::AuthError;
use crate::state::State;
use crate::store::profiles;

/// How often it recurs.
pub(crate) const EVERY: Duration = Duration::from_secs(2);
const AT_ONCE: i64 = 100;

/// The look for statuses whose time is over.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ExpireStatuses;

impl Job for ExpireStatuses {
    const KIND: &'static str = "expire_statuses";
    type State = State;

    async fn run(self, state: &State, run: &JobRun) -> Result<(), JobFailure> {
        while expire(state, &run.cause).await? {}
        Ok(())
    }
}

/// Whether there may be more. Nobody causes it: time does.
async fn expire(state: &State, cause: &Cause) -> Result<bool, AuthError> {
    let now = state.clock.now();
    let mut transaction = state.begin().await?;
    let users = profiles::update_expired_statuses(&mut transaction, now, AT_ONCE).await?;
    if users.is_empty() {
        return Ok(false);
    }
    for user in &users {
        let event = UserUpdated(user.payload(now.into()));
        state.emit(&mut transaction, &event, cause).await?;
    }
    state.commit(transaction).await?;
    Ok(i64::try_from(users.len()).is_ok_and(|taken| taken == AT_ONCE))
}
