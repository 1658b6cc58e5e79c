//! A new password, however somebody came to set it: what ends with the old one.

use colink_core::id::{SessionId, UserId};
use colink_events::Cause;
use colink_events::users::PasswordChanged;
use sqlx::PgConnection;

use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::mail;
use crate::revocation::{Revocation, reason};
use crate::state::State;
use crate::store::{mfa_tickets, password_resets, sessions, users};

/// Replaces the password, ends every session but `kept` and sign-ins that wait for a second factor, takes mailed links
/// away and tells the owner by mail. The
/// user's row must be locked. The sessions are to be announced after the commit.
///
/// # Errors
/// Failures of the store.
pub(crate) async fn replace(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    password_hash: &str,
    kept: Option<SessionId>,
    cause: &Cause,
) -> Result<Revocation, AuthError> {
    let (now, reason) = (state.clock.now(), reason::PASSWORD_CHANGED);
    users::update_password(transaction, user_id, password_hash, now).await?;
    password_resets::TOKENS.delete_of_user(transaction, user_id).await?;
    // The old password is half of these sign-ins.
    mfa_tickets::TOKENS.delete_of_user(transaction, user_id).await?;
    let ended = match kept {
        Some(kept) => sessions::update_others_revoked(transaction, user_id, kept, reason, now).await?,
        None => sessions::update_all_revoked(transaction, user_id, reason, now).await?,
    };
    let ended = Revocation::record(state, transaction, user_id, ended, reason, cause).await?;
    let event = PasswordChanged { user_id, at: now.into() };
    state.emit(transaction, &event, cause).await?;
    mail::queue(state, transaction, user_id, Template::PasswordChanged, cause).await?;
    Ok(ended)
}
