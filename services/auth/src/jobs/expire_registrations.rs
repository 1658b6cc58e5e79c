//! Forgets registrations that nobody proved, and with the last one of an address the account that waited for it.
//! Services that know the account hear that it is erased.
//!
//! Whether a name belongs to such an account or was asked for with a known address must not be seen from when it is free. So
//! accounts only give their names up here, and the clean-up frees those with all that were held until then, in one statement.

use chrono::{DateTime, Utc};
use colink_events::Cause;
use colink_events::users::{UserErased, UserUpdated};

use crate::error::AuthError;
use crate::state::State;
use crate::store::{registrations, usernames, users};

/// Deletes what has had its time, and says how many rows; part of [`super::clean_up`].
///
/// # Errors
/// Failures of the store; what was deleted before stays deleted.
pub(crate) async fn expire(state: &State, now: DateTime<Utc>) -> Result<u64, AuthError> {
    let before = now - state.registration.lifetime();
    let rows = registrations::delete_expired(&state.pool, before).await?;
    let accounts = delete_accounts(state, before, now).await?;
    rename_accounts(state, now).await?;
    Ok(rows + accounts)
}

async fn delete_accounts(state: &State, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<u64, AuthError> {
    let mut rows = 0;
    loop {
        let mut transaction = state.begin().await?;
        let Some(user) = users::lock_expired(&mut transaction, before).await? else { return Ok(rows) };
        // Somebody may have registered with the address while the row was waited for.
        if registrations::count(&mut transaction, user.id()).await? > 0 {
            continue;
        }
        users::delete(&mut transaction, user.id()).await?;
        // Names from before the release that holds them are not held yet.
        usernames::update_held(&mut transaction, &user.username, now).await?;
        let event = UserErased { user_id: user.id(), email_hash: None, at: now.into() };
        state.emit(&mut transaction, &event, &Cause::default()).await?;
        state.commit(transaction).await?;
        rows += 1;
    }
}

/// An account that waits for a later registration does not keep the name of the one that made it.
async fn rename_accounts(state: &State, now: DateTime<Utc>) -> Result<(), AuthError> {
    loop {
        let mut transaction = state.begin().await?;
        let Some(user) = users::update_unproven_name(&mut transaction, now).await? else { return Ok(()) };
        let event = UserUpdated(user.payload(now.into()));
        state.emit(&mut transaction, &event, &Cause::default()).await?;
        state.commit(transaction).await?;
    }
}
