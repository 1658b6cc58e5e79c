//! New tokens for a session that becomes worth more: its password was changed, its user proved again who he is, or
//! it counts as proven by a second factor from now on.
//!
//! Somebody may have copied its refresh tokens before. They are dead from here on, used or not, so that what was proven
//! now is worth nothing to whoever did not prove it. They are deleted and not marked as used: presented again one is
//! unknown (401) and does not end the session, because a client that did not take the new tokens over, or a second tab
//! that asked in the same moment, looks the same as a thief and gains as little.

use colink_core::id::SessionId;
use sqlx::PgConnection;

use crate::browser::RefreshIn;
use crate::domain::opaque_token::OpaqueToken;
use crate::error::AuthError;
use crate::second_factor::policy;
use crate::sign_in::{TokenPair, access_token};
use crate::state::State;
use crate::store::users::User;
use crate::store::{refresh_tokens, sessions};

/// New tokens for the session; every refresh token that it had is dead, and it counts as proven by the words of `amr` as
/// well. The user's row must be locked, the session's not yet.
///
/// # Errors
/// [`AuthError::UserGone`] when the session is over, and failures of stores and keys.
pub(crate) async fn renew(
    state: &State,
    transaction: &mut PgConnection,
    user: &User,
    session_id: SessionId,
    amr: &[&str],
) -> Result<TokenPair, AuthError> {
    let now = state.clock.now();
    let expires_at = now + state.tokens.refresh();
    // Tokens before their session, as a refresh locks them; once more behind it for those that a refresh in between made.
    refresh_tokens::delete_of_session(transaction, session_id).await?;
    sessions::update_amr_added(transaction, session_id, amr).await?;
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
