//! What follows when a second factor comes or goes: recovery codes, the end of the user's other sessions, a mail.

use colink_auth::Caller;
use colink_core::id::UserId;
use colink_events::users::{MfaDisabled, MfaEnabled, SessionDowngraded};
use sqlx::PgConnection;

use super::{MULTIPLE, Method, methods};
use crate::domain::letter::Template;
use crate::domain::opaque_token::TokenHash;
use crate::domain::recovery_code::{COUNT, RecoveryCode};
use crate::error::AuthError;
use crate::mail;
use crate::renewal;
use crate::revocation::{Revocation, reason};
use crate::sign_in::TokenPair;
use crate::state::State;
use crate::store::users::User;
use crate::store::{recovery_codes, sessions};

/// Recovery codes in place of all that the user had, as they are shown to him once.
///
/// # Errors
/// Failures of the store.
pub(crate) async fn issue_codes(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
) -> Result<Vec<String>, AuthError> {
    let codes: Vec<RecoveryCode> = (0..COUNT).map(|_| RecoveryCode::generate()).collect();
    let hashes: Vec<TokenHash> = codes.iter().map(|code| code.hash(user_id)).collect();
    recovery_codes::insert(transaction, user_id, &hashes, state.clock.now()).await?;
    Ok(codes.iter().map(RecoveryCode::reveal).collect())
}

/// The caller has a new second factor, which he just used: his session counts as proven by it (`amr`) and gets new tokens,
/// his others end. His row must be locked.
///
/// # Errors
/// Failures of stores and keys.
pub(crate) async fn enabled(
    state: &State,
    transaction: &mut PgConnection,
    caller: &Caller,
    user: &User,
    method: Method,
    amr: &[&str],
) -> Result<(TokenPair, Revocation), AuthError> {
    let (user_id, cause) = (user.id(), caller.cause());
    let words: Vec<&str> = amr.iter().copied().chain([MULTIPLE]).collect();
    let tokens = renewal::renew(state, transaction, user, caller.session_id(), &words).await?;
    let event = MfaEnabled { user_id, method: method.word().to_owned(), at: state.clock.timestamp() };
    state.emit(transaction, &event, &cause).await?;
    mail::queue(state, transaction, user_id, Template::MfaEnabled, &cause).await?;
    Ok((tokens, end_others(state, transaction, caller).await?))
}

/// The caller gave up a second factor, and his other sessions end.
///
/// # Errors
/// Failures of stores.
pub(crate) async fn disabled(
    state: &State,
    transaction: &mut PgConnection,
    caller: &Caller,
    method: Method,
    amr: &[&str],
) -> Result<Revocation, AuthError> {
    let (user_id, cause) = (caller.user_id(), caller.cause());
    note_lost(state, transaction, caller, amr).await?;
    let event = MfaDisabled {
        user_id,
        method: method.word().to_owned(),
        reason: "by_user".to_owned(),
        at: state.clock.timestamp(),
    };
    state.emit(transaction, &event, &cause).await?;
    mail::queue(state, transaction, user_id, Template::MfaDisabled, &cause).await?;
    end_others(state, transaction, caller).await
}

/// After a factor is gone: with the last one go the recovery codes, which are none by themselves, and the caller's session is
/// proven by one factor from now on. Its sockets were opened by two.
///
/// # Errors
/// Failures of stores.
pub(crate) async fn note_lost(
    state: &State,
    transaction: &mut PgConnection,
    caller: &Caller,
    amr: &[&str],
) -> Result<(), AuthError> {
    let (user_id, session_id) = (caller.user_id(), caller.session_id());
    if !methods(transaction, user_id).await?.is_empty() {
        return Ok(());
    }
    recovery_codes::delete(transaction, user_id).await?;
    let words: Vec<&str> = amr.iter().copied().chain([MULTIPLE]).collect();
    sessions::update_amr_removed(transaction, session_id, &words).await?;
    let (reason, at) = ("second_factor_removed".to_owned(), state.clock.timestamp());
    state.emit(transaction, &SessionDowngraded { user_id, session_id, reason, at }, &caller.cause()).await
}

async fn end_others(
    state: &State,
    transaction: &mut PgConnection,
    caller: &Caller,
) -> Result<Revocation, AuthError> {
    let (user_id, kept, reason) = (caller.user_id(), caller.session_id(), reason::MFA_CHANGED);
    let now = state.clock.now();
    let others = sessions::update_others_revoked(transaction, user_id, kept, reason, now).await?;
    Revocation::record(state, transaction, user_id, others, reason, &caller.cause()).await
}
