//! What follows when a provider becomes a way into an account that was there before, or ceases to be one: its
//! owner is told by mail, and a new way in ends the sessions that the others opened, as a new password does. What a provider
//! proved opens nothing after it is gone.

use colink_core::id::{SessionId, UserId};
use colink_events::Cause;
use colink_events::users::ProviderUnlinked;
use sqlx::PgConnection;

use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::mail::{self, Mail};
use crate::revocation::{Revocation, reason};
use crate::sign_in::PROVIDER;
use crate::state::State;
use crate::store::{mfa_tickets, oidc_codes, sessions};

/// After an identity at the provider of this name was linked: the mail, and the end of every session but `kept`, to be
/// announced after the commit. The user's row must be locked.
///
/// # Errors
/// Failures of the store and of the outbox.
pub(crate) async fn linked(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    name: &str,
    kept: Option<SessionId>,
    cause: &Cause,
) -> Result<Revocation, AuthError> {
    let (now, reason) = (state.clock.now(), reason::PROVIDER_LINKED);
    let ended = match kept {
        Some(kept) => sessions::update_others_revoked(transaction, user_id, kept, reason, now).await?,
        None => sessions::update_all_revoked(transaction, user_id, reason, now).await?,
    };
    let mail = Mail::new(user_id, Template::ProviderLinked).fact("provider", name).at(now);
    mail::queue_filled(state, transaction, mail, cause).await?;
    Revocation::record(state, transaction, user_id, ended, reason, cause).await
}

/// After the identity at the provider `key` was unlinked: the event and the mail, which calls it `name`, and the end of
/// sign-ins that a provider has begun. Those of another provider among them begin anew.
///
/// # Errors
/// Failures of the store and of the outbox.
pub(crate) async fn unlinked(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    key: &str,
    name: &str,
    cause: &Cause,
) -> Result<(), AuthError> {
    let now = state.clock.now();
    oidc_codes::delete_of_user(&mut *transaction, user_id).await?;
    mfa_tickets::delete_of_method(transaction, user_id, PROVIDER).await?;
    let event = ProviderUnlinked { user_id, provider: key.to_owned(), at: now.into() };
    state.emit(transaction, &event, cause).await?;
    let mail = Mail::new(user_id, Template::ProviderUnlinked).fact("provider", name).at(now);
    mail::queue_filled(state, transaction, mail, cause).await
}
