//! Somebody administers the installation at every moment (A-16, D-1), whoever gives up the role or his account.
//!
//! Who decides by it waits for whoever else does ([`crate::store::realm_roles::lock_administration`]): of two who go at the same
//! moment, the second sees that the first has gone.

use colink_auth::REALM_ADMIN;
use colink_core::id::UserId;

use crate::error::AuthError;
use crate::store::users::User;

/// Whether administrators look after the account: people whose address is proven, also while their account is closed. A role
/// that waits for a proof would be somebody's whom nobody knows; bots are their owners', and of an erased one nothing is left.
pub(crate) fn is_proven_person(user: &User) -> bool {
    !user.is_bot() && user.erased_at.is_none() && user.email_verified_at.is_some()
}

/// Whether the account has the role and can be used.
pub(crate) fn is_administrator(user: &User) -> bool {
    is_proven_person(user) && !user.is_closed() && user.realm_roles.iter().any(|role| role == REALM_ADMIN)
}

/// Refuses to let `leaving` go when he is the only one of `accounts`, all realm admins among them, that administers the
/// installation.
///
/// # Errors
/// [`AuthError::LastAdministrator`].
pub(crate) fn check_succeeded(accounts: &[User], leaving: UserId) -> Result<(), AuthError> {
    let mut administrators = accounts.iter().filter(|user| is_administrator(user)).peekable();
    let goes = |user: &User| user.id() == leaving;
    if administrators.peek().is_some() && administrators.all(goes) {
        return Err(AuthError::LastAdministrator);
    }
    Ok(())
}
