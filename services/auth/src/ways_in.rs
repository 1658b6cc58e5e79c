//! How an account is entered, so that its owner cannot close the last door behind him.

use colink_core::id::UserId;
use sqlx::PgConnection;

use crate::error::AuthError;
use crate::state::State;
use crate::store::{identities, passkeys, users};

/// Whether the user can still sign in: by a password, by a passkey that needs nothing else, or through a provider that is
/// still offered. His row must be locked, and what is taken away must be gone already, so that of two ways that are given up
/// at once one stays.
///
/// # Errors
/// Failures of the store.
pub(crate) async fn remain(
    state: &State,
    connection: &mut PgConnection,
    user_id: UserId,
) -> Result<bool, AuthError> {
    let account = users::lookup_credentials(&mut *connection, user_id).await?;
    if account.is_some_and(|account| account.password_hash.is_some()) {
        return Ok(true);
    }
    let offered: Vec<String> = state.oidc.providers().map(|provider| provider.key.clone()).collect();
    if identities::count_usable(connection, user_id, &offered).await? > 0 {
        return Ok(true);
    }
    Ok(passkeys::list(connection, user_id).await?.iter().any(passkeys::Passkey::is_passwordless))
}
