//! Whether an authenticator's answer proves who somebody is.
//!
//! The passkey's row is locked while its counter is compared and stored, so two answers with one counter cannot both
//! pass. Between the check and what it opens the passkey may be removed, so whoever acts on it in another transaction looks
//! for it again under the lock of the user's row ([`Proven::require`]).

use colink_core::id::{PasskeyId, UserId};
use colink_events::users::{LoginFailed, PasskeyCloned};
use colink_http::RequestContext;
use sqlx::PgConnection;
use uuid::Uuid;
use webauthn_rs_core::proto::{AuthenticationState, PublicKeyCredential};

use super::Refusal;
use crate::error::AuthError;
use crate::state::State;
use crate::store::passkeys::{self, Passkey};

/// Who is said to answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Claimant {
    /// Whoever the authenticator names.
    Anybody,
    /// This user, whatever the authenticator says.
    User(UserId),
}

impl Claimant {
    /// Who, when that is known before the passkey is.
    fn user_id(self) -> Option<UserId> {
        match self {
            Self::Anybody => None,
            Self::User(user_id) => Some(user_id),
        }
    }
}

/// What was proven.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proven {
    pub(crate) user_id: UserId,
    passkey_id: PasskeyId,
    /// Whether the authenticator checked who holds it.
    pub(crate) user_verified: bool,
}

impl Proven {
    /// Refuses when the passkey was removed since. The user's row must be locked.
    ///
    /// # Errors
    /// [`AuthError::PasskeyRefused`], and failures of the store.
    pub(crate) async fn require(&self, connection: &mut PgConnection) -> Result<(), AuthError> {
        let is_there = passkeys::is_registered(connection, self.user_id, self.passkey_id).await?;
        if is_there { Ok(()) } else { Err(AuthError::PasskeyRefused) }
    }
}

/// What became of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    /// It was believed.
    Proven(Proven),
    /// It was not; the user whom it concerns, if that is known.
    Refused(Option<UserId>),
}

/// Checks an answer against the passkey that it names, and records the use of that.
///
/// # Errors
/// Failures of stores.
pub(crate) async fn take(
    state: &State,
    transaction: &mut PgConnection,
    claimant: Claimant,
    answer: &PublicKeyCredential,
    ceremony: AuthenticationState,
    context: &RequestContext,
) -> Result<Outcome, AuthError> {
    let named = passkeys::lock_by_credential(transaction, &answer.raw_id).await?;
    let Some(passkey) = named.filter(|passkey| belongs(passkey, claimant, answer)) else {
        tracing::debug!("the passkey is unknown, or another user's");
        return Ok(Outcome::Refused(claimant.user_id()));
    };
    let (user_id, passkey_id) = (passkey.user_id(), passkey.id());
    match state.relying_party.finish_assertion(answer, &ceremony, &passkey) {
        Ok(assertion) => {
            passkeys::update_used(transaction, passkey_id, &assertion, state.clock.now()).await?;
            Ok(Outcome::Proven(Proven { user_id, passkey_id, user_verified: assertion.user_verified }))
        }
        Err(refusal) => {
            tracing::debug!(%user_id, %refusal, "a passkey was refused");
            if matches!(refusal, Refusal::Cloned) {
                let event = PasskeyCloned { user_id, passkey_id, at: state.clock.timestamp() };
                state.emit(transaction, &event, &context.cause(Some(user_id), None)).await?;
                state.metrics.passkey_cloned(user_id, passkey_id);
            }
            Ok(Outcome::Refused(Some(user_id)))
        }
    }
}

/// The same in a transaction of its own: a refusal is told to the audit log, and to the client in words that say no more.
///
/// # Errors
/// [`AuthError::PasskeyRefused`], whatever the reason; failures of stores.
pub(crate) async fn require(
    state: &State,
    claimant: Claimant,
    answer: &PublicKeyCredential,
    ceremony: AuthenticationState,
    context: &RequestContext,
) -> Result<Proven, AuthError> {
    let mut transaction = state.begin().await?;
    match take(state, &mut transaction, claimant, answer, ceremony, context).await? {
        Outcome::Proven(proven) => {
            state.commit(transaction).await?;
            Ok(proven)
        }
        Outcome::Refused(user_id) => {
            let failed = LoginFailed { user_id, reason: "passkey".to_owned(), at: state.clock.timestamp() };
            state.emit(&mut transaction, &failed, &context.cause(user_id, None)).await?;
            state.commit(transaction).await?;
            state.metrics.sign_in_refused("passkey", user_id);
            Err(AuthError::PasskeyRefused)
        }
    }
}

/// An authenticator that was not told whom to answer for must say whose passkey it used; one that says it all the
/// same must be right.
fn belongs(passkey: &Passkey, claimant: Claimant, answer: &PublicKeyCredential) -> bool {
    let handle = answer.response.user_handle.as_deref();
    let named = handle.map(|handle| Uuid::from_slice(handle).ok().map(UserId::from_uuid));
    let owner = passkey.user_id();
    match (claimant, named) {
        (Claimant::Anybody, None) => false,
        (Claimant::Anybody, Some(named)) => named == Some(owner),
        (Claimant::User(user_id), None) => user_id == owner,
        (Claimant::User(user_id), Some(named)) => user_id == owner && named == Some(owner),
    }
}
