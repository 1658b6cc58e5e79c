//! An address that its owner has proven.

use colink_events::Cause;
use colink_events::users::UserVerified;
use sqlx::PgConnection;

use crate::error::AuthError;
use crate::state::State;
use crate::store::users::User;
use crate::store::{registrations, usernames, users};

/// Whoever was mailed a secret and shows it reads the mail of the address: proves it if nobody has, with the names of the
/// account as they stand, from now on for good. Every registration is void, and with it each password that was chosen before. The user's row
/// must be locked.
///
/// # Errors
/// Failures of the store.
pub(crate) async fn prove_by_mail(
    state: &State,
    transaction: &mut PgConnection,
    user: &User,
    cause: &Cause,
) -> Result<(), AuthError> {
    if user.email_verified_at.is_some() {
        return Ok(());
    }
    let now = state.clock.now();
    registrations::delete_all(transaction, user.id()).await?;
    usernames::update_kept(transaction, &user.username).await?;
    users::update_proven(transaction, user.id(), state.admin_email.as_ref(), now).await?;
    state.emit(transaction, &UserVerified { user_id: user.id(), at: now.into() }, cause).await
}
