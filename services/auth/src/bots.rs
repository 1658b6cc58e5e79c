//! The end of bots.

use colink_core::id::UserId;
use colink_events::Cause;
use colink_events::users::UserDeactivated;
use sqlx::PgConnection;

use crate::api_keys::end_all;
use crate::error::AuthError;
use crate::revocation::{Revocation, reason};
use crate::state::State;
use crate::store::bots;

/// Takes a bot out of use, whose row is locked: its keys end, its name stays taken, what it wrote stays. To be announced
/// after the transaction.
///
/// # Errors
/// Failures of the store and of the outbox.
pub(crate) async fn take_out_of_use(
    state: &State,
    transaction: &mut PgConnection,
    id: UserId,
    cause: &Cause,
) -> Result<Revocation, AuthError> {
    let now = state.clock.now();
    bots::update_deactivated(transaction, id, now).await?;
    let ended = end_all(state, transaction, id, reason::BOT_DELETED, cause).await?;
    state.emit(transaction, &UserDeactivated { user_id: id, at: now.into() }, cause).await?;
    Ok(ended)
}
