//! Whether a code is right: one of the authenticator, or a recovery code.
//!
//! Six digits can be guessed, so wrong ones are counted for the user, over all sign-ins and sessions, until a right code:
//! every `mfa.lockout_failures` in a row they are not looked at for a while, each time for longer. A recovery code cannot
//! be guessed: it works while codes are closed, so whoever has the password cannot keep the owner out.

use colink_core::id::UserId;
use colink_events::Cause;
use colink_events::users::{AccountLocked, LoginFailed, RecoveryCodeUsed};
use sqlx::{PgConnection, Postgres, Transaction};

use super::Method;
use crate::domain::letter::Template;
use crate::domain::recovery_code::{FEW, RecoveryCode};
use crate::domain::totp::{Code, Seed};
use crate::error::AuthError;
use crate::mail;
use crate::state::State;
use crate::store::users::User;
use crate::store::{mfa_failures, recovery_codes, totp_secrets};

/// What somebody shows.
#[derive(Debug)]
pub(crate) enum Shown {
    /// A code of the authenticator.
    Totp(Code),
    /// A recovery code.
    Recovery(RecoveryCode),
}

impl Shown {
    /// What kind it is.
    pub(crate) fn method(&self) -> Method {
        match self {
            Self::Totp(_) => Method::Totp,
            Self::Recovery(_) => Method::RecoveryCode,
        }
    }
}

/// Takes the code, once; `false` when it is wrong or was used. The user's row must be locked.
///
/// # Errors
/// [`AuthError::Locked`] while codes are closed, and failures of stores.
pub(crate) async fn take(
    state: &State,
    transaction: &mut PgConnection,
    user: &User,
    shown: &Shown,
    cause: &Cause,
) -> Result<bool, AuthError> {
    let taken = match shown {
        Shown::Totp(code) => take_totp(state, transaction, user.id(), *code).await?,
        Shown::Recovery(code) => take_recovery(state, transaction, user.id(), code, cause).await?,
    };
    if taken {
        mfa_failures::delete(transaction, user.id()).await?;
    }
    Ok(taken)
}

/// The same for whoever is signed in: a wrong code is counted and refused.
///
/// # Errors
/// [`AuthError::WrongCode`], and as [`take`].
pub(crate) async fn require(
    state: &State,
    mut transaction: Transaction<'static, Postgres>,
    user: &User,
    shown: &Shown,
    cause: &Cause,
) -> Result<Transaction<'static, Postgres>, AuthError> {
    if take(state, &mut transaction, user, shown, cause).await? {
        Ok(transaction)
    } else {
        Err(fail(state, transaction, user.id(), shown.method(), cause).await?)
    }
}

/// Refuses while codes are closed.
///
/// # Errors
/// [`AuthError::Locked`], and failures of the store.
pub(crate) async fn check_lock(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
) -> Result<(), AuthError> {
    let now = state.clock.now();
    match mfa_failures::find_lock(transaction, user_id, now).await? {
        Some(until) => {
            state.metrics.sign_in_refused("locked", Some(user_id));
            Err(AuthError::Locked((until - now).to_std().unwrap_or_default()))
        }
        None => Ok(()),
    }
}

/// Counts a failure, tells the audit log and commits.
///
/// # Errors
/// Failures of stores; otherwise it returns the refusal.
pub(crate) async fn fail(
    state: &State,
    mut transaction: Transaction<'static, Postgres>,
    user_id: UserId,
    method: Method,
    cause: &Cause,
) -> Result<AuthError, AuthError> {
    let now = state.clock.now();
    let failed = LoginFailed { user_id: Some(user_id), reason: method.word().to_owned(), at: now.into() };
    state.emit(&mut transaction, &failed, cause).await?;
    if method == Method::Totp {
        let failures = mfa_failures::update_failed(&mut transaction, user_id).await?;
        if let Some(lasts) = state.mfa.lock_after(u32::try_from(failures).unwrap_or(0)) {
            let until = now + lasts;
            mfa_failures::update_locked(&mut transaction, user_id, until).await?;
            let locked = AccountLocked { user_id: Some(user_id), until: until.into(), at: now.into() };
            state.emit(&mut transaction, &locked, cause).await?;
            state.metrics.locked(Some(user_id), lasts);
        }
    }
    state.commit(transaction).await?;
    state.metrics.sign_in_refused("second_factor", Some(user_id));
    Ok(AuthError::WrongCode)
}

/// Opens a stored seed.
///
/// # Errors
/// [`AuthError::Seal`], or a defect.
pub(crate) fn open_seed(state: &State, user_id: UserId, sealed: &[u8]) -> Result<Seed, AuthError> {
    let opened = state.sealer.open(&totp_secrets::SEALED.context(user_id), sealed)?;
    Seed::from_bytes(&opened).ok_or_else(|| AuthError::crypto("a stored seed has another length"))
}

async fn take_totp(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    code: Code,
) -> Result<bool, AuthError> {
    check_lock(state, transaction, user_id).await?;
    let Some(stored) = totp_secrets::find_enabled(&mut *transaction, user_id).await? else {
        return Ok(false);
    };
    let seed = open_seed(state, user_id, &stored.sealed_secret)?;
    match seed.step_of(code, state.clock.now().timestamp()) {
        Some(step) => Ok(totp_secrets::update_used(transaction, user_id, step).await?),
        None => Ok(false),
    }
}

async fn take_recovery(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    code: &RecoveryCode,
    cause: &Cause,
) -> Result<bool, AuthError> {
    let now = state.clock.now();
    if !recovery_codes::update_used(transaction, user_id, code.hash(user_id), now).await? {
        return Ok(false);
    }
    let remaining = recovery_codes::count(&mut *transaction, user_id).await?;
    let used = RecoveryCodeUsed { user_id, remaining, at: now.into() };
    state.emit(transaction, &used, cause).await?;
    let template = if remaining <= FEW { Template::RecoveryCodesLow } else { Template::RecoveryCodeUsed };
    mail::queue(state, transaction, user_id, template, cause).await?;
    Ok(true)
}
