//! Forgets registrations that nobody proved, and with the last one of an address the account that waited for it and
//! its username. Services that know the account hear that it is erased.

use colink_events::Cause;
use colink_events::users::UserErased;

use crate::error::AuthError;
use crate::state::State;
use crate::store::{registrations, usernames, users};

/// Deletes what has had its time, and says how many rows; part of [`super::clean_up`].
///
/// # Errors
/// Failures of the store; what was deleted before stays deleted.
pub(crate) async fn expire(state: &State) -> Result<u64, AuthError> {
    let now = state.clock.now();
    let before = now - state.registration.lifetime();
    let mut rows = registrations::delete_expired(&state.pool, before).await?;
    loop {
        let mut transaction = state.begin().await?;
        let Some(user) = users::delete_unproven(&mut transaction, before).await? else { return Ok(rows) };
        usernames::delete(&mut transaction, &user.username).await?;
        let event = UserErased { user_id: user.id(), email_hash: None, at: now.into() };
        state.emit(&mut transaction, &event, &Cause::default()).await?;
        state.commit(transaction).await?;
        rows += 1;
    }
}
