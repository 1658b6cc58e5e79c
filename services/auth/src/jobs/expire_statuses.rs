//! Takes statuses away whose time is over, and tells everybody.
//!
//! Readers do not wait for it: an expired status is not shown. What this is for are the copies of others, and clients
//! that have the profile already.

use std::time::Duration;

use colink_events::Cause;
use colink_events::users::UserUpdated;
use tokio_util::sync::CancellationToken;

use crate::error::AuthError;
use crate::state::State;
use crate::store::profiles;

const EVERY: Duration = Duration::from_secs(2);
const AT_ONCE: i64 = 100;

/// Runs until `stop`.
pub(crate) async fn run(state: State, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match expire(&state).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "statuses could not be taken away, the next run follows"
                );
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Whether there may be more.
async fn expire(state: &State) -> Result<bool, AuthError> {
    let now = state.clock.now();
    let mut transaction = state.begin().await?;
    let users = profiles::update_expired_statuses(&mut transaction, now, AT_ONCE).await?;
    if users.is_empty() {
        return Ok(false);
    }
    for user in &users {
        // Nobody did it: time did.
        let event = UserUpdated(user.payload(now.into()));
        state.emit(&mut transaction, &event, &Cause::default()).await?;
    }
    state.commit(transaction).await?;
    Ok(i64::try_from(users.len()).is_ok_and(|taken| taken == AT_ONCE))
}
