//! Whether an authenticator's answer proves who somebody is.
//!
//! The passkey's row is locked while its counter is compared and stored, so two answers with one counter cannot both
//! pass. Every refusal is told to the audit log, and to the client in the same words.

use colink_core::id::UserId;
use colink_events::users::{LoginFailed, PasskeyCloned};
use colink_http::RequestContext;
use sqlx::{Postgres, Transaction};
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

/// What was proven.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proven {
    pub(crate) user_id: UserId,
    /// Whether the authenticator checked who holds it.
    pub(crate) user_verified: bool,
}

/// Checks an answer against the passkey that it names, and records the use of that.
///
/// # Errors
/// [`AuthError::PasskeyRefused`], whatever the reason; failures of stores.
pub(crate) async fn verify(
    state: &State,
    claimant: Claimant,
    answer: &PublicKeyCredential,
    ceremony: AuthenticationState,
    context: &RequestContext,
) -> Result<Proven, AuthError> {
    let mut transaction = state.begin().await?;
    let named = passkeys::lock_by_credential(&mut transaction, &answer.raw_id).await?;
    let Some(passkey) = named.filter(|passkey| belongs(passkey, claimant, answer)) else {
        tracing::debug!("the passkey is unknown, or another user's");
        let user_id = match claimant {
            Claimant::Anybody => None,
            Claimant::User(user_id) => Some(user_id),
        };
        return refuse(state, transaction, user_id, context).await;
    };
    let user_id = passkey.user_id();
    match state.relying_party.finish_assertion(answer, ceremony, &passkey) {
        Ok(assertion) => {
            let now = state.clock.now();
            passkeys::update_used(&mut transaction, passkey.id(), &assertion, now).await?;
            state.commit(transaction).await?;
            Ok(Proven { user_id, user_verified: assertion.user_verified })
        }
        Err(refusal) => {
            tracing::debug!(%user_id, %refusal, "a passkey was refused");
            if matches!(refusal, Refusal::Cloned) {
                let (passkey_id, at) = (passkey.id(), state.clock.timestamp());
                let event = PasskeyCloned { user_id, passkey_id, at };
                state.emit(&mut transaction, &event, &context.cause(Some(user_id), None)).await?;
                state.metrics.passkey_cloned(user_id, passkey_id);
            }
            refuse(state, transaction, Some(user_id), context).await
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

async fn refuse<T>(
    state: &State,
    mut transaction: Transaction<'static, Postgres>,
    user_id: Option<UserId>,
    context: &RequestContext,
) -> Result<T, AuthError> {
    let failed = LoginFailed { user_id, reason: "passkey".to_owned(), at: state.clock.timestamp() };
    state.emit(&mut transaction, &failed, &context.cause(user_id, None)).await?;
    state.commit(transaction).await?;
    state.metrics.sign_in_refused("passkey", user_id);
    Err(AuthError::PasskeyRefused)
}
