//! A new password, however somebody came to set it: what ends with the old one.

use colink_core::id::{SessionId, UserId};
use colink_events::Cause;
use colink_events::users::PasswordChanged;
use sqlx::PgConnection;

use crate::browser::RefreshIn;
use crate::domain::letter::Template;
use crate::domain::opaque_token::OpaqueToken;
use crate::error::AuthError;
use crate::mail;
use crate::revocation::{Revocation, reason};
use crate::second_factor::policy;
use crate::sign_in::{TokenPair, access_token};
use crate::state::State;
use crate::store::users::User;
use crate::store::{mfa_tickets, password_resets, refresh_tokens, sessions, users};

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

/// New tokens for the session that goes on; every refresh token that it had is dead, and the session counts as proven
/// now.
///
/// # Errors
/// [`AuthError::UserGone`] when the session is over, and failures of stores and keys.
pub(crate) async fn renew_session(
    state: &State,
    transaction: &mut PgConnection,
    user: &User,
    session_id: SessionId,
) -> Result<TokenPair, AuthError> {
    let now = state.clock.now();
    let expires_at = now + state.tokens.refresh();
    // Tokens before their session, as a refresh locks them; once more behind it for those that a refresh in between made.
    refresh_tokens::delete_of_session(transaction, session_id).await?;
    let renewed = sessions::update_renewed(transaction, user.id(), session_id, now, expires_at).await?;
    let renewed = renewed.ok_or(AuthError::UserGone)?;
    refresh_tokens::delete_of_session(transaction, session_id).await?;
    let refresh = OpaqueToken::generate();
    refresh_tokens::insert(transaction, refresh.hash(), session_id, now, expires_at).await?;
    let restricted = policy::restricts(state, transaction, user, &renewed.amr, now).await?;
    let access = access_token(state, user, session_id, renewed.amr, restricted, now)?;
    let refresh_in = if renewed.in_cookie { RefreshIn::Cookie(None) } else { RefreshIn::Body };
    Ok(TokenPair { session_id, access, refresh, restricted, refresh_in })
}
