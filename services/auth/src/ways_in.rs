//! How an account is entered, so that its owner cannot close the last door behind him.

use colink_core::id::UserId;
use sqlx::PgConnection;

use crate::store::{passkeys, users};

/// Whether the user can still sign in: by a password, or by a passkey that needs nothing else. His row must be locked,
/// and what is taken away must be gone already, so that of two ways that are given up at once one stays.
pub(crate) async fn remain(connection: &mut PgConnection, user_id: UserId) -> sqlx::Result<bool> {
    let account = users::lookup_credentials(&mut *connection, user_id).await?;
    if account.is_some_and(|account| account.password_hash.is_some()) {
        return Ok(true);
    }
    Ok(passkeys::list(connection, user_id).await?.iter().any(passkeys::Passkey::is_passwordless))
}
