//! API keys: making, replacing and ending them; [`exchange`] makes access tokens of them.
//!
//! A secret is 32 random bytes, shown once and stored as its SHA-256. Its id is the session of the tokens made for it,
//! so that ending a secret reaches tokens and sockets as the end of a session does.

pub(crate) mod error;
pub(crate) mod exchange;

use std::time::Duration;

use chrono::{DateTime, Utc};
use colink_auth::{ApiKey, Caller};
use colink_bus::outbox;
use colink_core::id::{ApiKeyId, SessionId, UserId};
use colink_core::permission::{Scope, Scopes};
use colink_events::Cause;
use colink_events::users::{ApiKeyCreated, ApiKeyRevoked, ApiKeyRotated};
use sqlx::PgConnection;

use self::error::ApiKeyError;
use crate::error::AuthError;
use crate::ledger::Ledger;
use crate::revocation::{Revocation, reason};
use crate::state::State;
use crate::store::api_key_secrets;
use crate::store::api_keys::{self, NewApiKey};
use crate::store::users::{self, User};

/// What a key is to be.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) name: String,
    pub(crate) scopes: Scopes,
    /// None for one without an end.
    pub(crate) lifetime: Option<Duration>,
}

/// A key and the secret that is shown this once.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) row: api_keys::ApiKey,
    pub(crate) key: ApiKey,
}

/// Makes a key of `holder`, who is the caller or a bot of his.
///
/// # Errors
/// [`ApiKeyError::TooManyApiKeys`].
pub(crate) async fn create(
    state: &State,
    caller: &Caller,
    holder: UserId,
    wish: &Wish,
) -> Result<Made, AuthError> {
    let now = state.clock.now();
    let mut transaction = state.begin().await?;
    lock_holder(&mut transaction, caller, holder).await?;
    let most = state.api_keys.max_per_user;
    if api_keys::count(&mut transaction, holder, now).await? >= i64::from(most) {
        return Err(ApiKeyError::TooManyApiKeys(most).into());
    }
    let scopes: Vec<String> = wish.scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
    let new = NewApiKey {
        id: ApiKeyId::generate(state.clock.as_ref()),
        user_id: holder,
        name: &wish.name,
        scopes: &scopes,
        created_by: caller.user_id(),
        now,
        expires_at: wish.lifetime.map(|lifetime| now + lifetime),
    };
    let row = api_keys::insert(&mut transaction, &new).await?;
    let key = give_secret(state, &mut transaction, &row, now).await?;
    let event = ApiKeyCreated {
        user_id: holder,
        api_key_id: row.id(),
        session_id: key.id(),
        scopes: row.scopes.clone(),
        expires_at: row.expires_at.map(Into::into),
        created_by: caller.user_id(),
        at: now.into(),
    };
    state.emit(&mut transaction, &event, &caller.cause()).await?;
    state.commit(transaction).await?;
    Ok(Made { row, key })
}

/// How a secret is replaced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replacement {
    /// For how long the one before goes on.
    pub(crate) overlap: Duration,
    /// The key's life from now on, `Some(None)` for ever; `None` when its end stays.
    pub(crate) lifetime: Option<Option<Duration>>,
}

/// Gives a key of `holder` a new secret. The one before goes on for `overlap`; when that is nothing, every earlier
/// secret ends at once, also one that still goes on from the last time.
///
/// # Errors
/// [`ApiKeyError::NoApiKey`]; [`ApiKeyError::RotationUnderWay`] while an earlier secret goes on: of two who rotate at the
/// same time one wins, and neither ends what the other has just handed out.
pub(crate) async fn rotate(
    state: &State,
    caller: &Caller,
    holder: UserId,
    id: ApiKeyId,
    replacement: Replacement,
) -> Result<Made, AuthError> {
    let (now, overlap) = (state.clock.now(), replacement.overlap);
    let mut transaction = state.begin().await?;
    let mut row = api_keys::lock(&mut transaction, holder, id, now).await?.ok_or(ApiKeyError::NoApiKey)?;
    let cause = caller.cause();
    let mut ended = Vec::new();
    if overlap.is_zero() {
        ended = api_key_secrets::update_ended(&mut transaction, &[id], now).await?;
    } else {
        let secrets = api_key_secrets::list(&mut *transaction, &[id], now).await?;
        if let Some(until) = secrets.iter().find(|secret| secret.superseded_at.is_some()) {
            return Err(ApiKeyError::RotationUnderWay(until.expires_at.unwrap_or(now)).into());
        }
        for secret in secrets {
            api_key_secrets::update_superseded(&mut transaction, secret.id(), now, now + overlap).await?;
        }
    }
    if let Some(lifetime) = replacement.lifetime {
        let expires_at = lifetime.map(|lifetime| now + lifetime);
        row = api_keys::update_expires_at(&mut transaction, id, expires_at).await?;
    }
    let key = give_secret(state, &mut transaction, &row, now).await?;
    let event = ApiKeyRotated {
        user_id: holder,
        api_key_id: id,
        session_id: key.id(),
        previous_until: (now + overlap).into(),
        at: now.into(),
    };
    state.emit(&mut transaction, &event, &cause).await?;
    let ended =
        Revocation::record(state, &mut transaction, holder, ended, reason::API_KEY_ROTATED, &cause).await?;
    state.commit(transaction).await?;
    ended.announce(state).await;
    Ok(Made { row, key })
}

/// Ends a key of `holder`, with its tokens and sockets.
///
/// # Errors
/// [`ApiKeyError::NoApiKey`].
pub(crate) async fn revoke(
    state: &State,
    caller: &Caller,
    holder: UserId,
    id: ApiKeyId,
) -> Result<(), AuthError> {
    let now = state.clock.now();
    let mut transaction = state.begin().await?;
    api_keys::lock(&mut transaction, holder, id, now).await?.ok_or(ApiKeyError::NoApiKey)?;
    api_keys::update_revoked(&mut transaction, id, now).await?;
    let ended = end(state, &mut transaction, holder, &[id], reason::BY_USER, &caller.cause()).await?;
    state.commit(transaction).await?;
    ended.announce(state).await;
    Ok(())
}

/// Ends every key of a user in the transaction of whatever ends the account; to be announced after it. His row must be
/// locked.
///
/// # Errors
/// Failures of the store and of the outbox.
pub(crate) async fn end_all(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    reason: &'static str,
    cause: &Cause,
) -> Result<Revocation, AuthError> {
    let keys = api_keys::update_all_revoked(transaction, user_id, state.clock.now()).await?;
    end(state, transaction, user_id, &keys, reason, cause).await
}

/// Ends a user's keys that have this scope, and leaves the others alone; to be announced after the transaction. His row must
/// be locked.
///
/// # Errors
/// Failures of the store and of the outbox.
pub(crate) async fn end_with_scope(
    ledger: &impl Ledger,
    transaction: &mut PgConnection,
    user_id: UserId,
    scope: Scope,
    reason: &'static str,
    cause: &Cause,
) -> Result<Revocation, AuthError> {
    let now = ledger.clock().now();
    let mut keys = api_keys::list(&mut *transaction, user_id, now).await?;
    keys.retain(|key| key.scopes.iter().any(|word| word == scope.as_str()));
    let keys: Vec<ApiKeyId> = keys.iter().map(api_keys::ApiKey::id).collect();
    for id in &keys {
        api_keys::update_revoked(transaction, *id, now).await?;
    }
    end(ledger, transaction, user_id, &keys, reason, cause).await
}

async fn end(
    ledger: &impl Ledger,
    transaction: &mut PgConnection,
    user_id: UserId,
    keys: &[ApiKeyId],
    reason: &'static str,
    cause: &Cause,
) -> Result<Revocation, AuthError> {
    let now = ledger.clock().now();
    for id in keys {
        let event = ApiKeyRevoked { user_id, api_key_id: *id, reason: reason.to_owned(), at: now.into() };
        outbox::enqueue(transaction, &event, cause, ledger.clock()).await?;
    }
    let secrets = api_key_secrets::update_ended(transaction, keys, now).await?;
    Revocation::record(ledger, transaction, user_id, secrets, reason, cause).await
}

/// Locks whose key it is to be: the makings of one user's keys happen one after the other, so that the cap holds. Whoever
/// closes his account locks himself and his bots too, so that what is read after the lock is how things stand.
async fn lock_holder(
    transaction: &mut PgConnection,
    caller: &Caller,
    holder: UserId,
) -> Result<(), AuthError> {
    let holder = users::lock(transaction, holder).await?;
    let owner = users::lookup(&mut *transaction, caller.user_id()).await?;
    let open = |user: Option<User>| user.is_some_and(|user| user.is_open());
    if open(holder) && open(owner) { Ok(()) } else { Err(AuthError::UserGone) }
}

async fn give_secret(
    state: &State,
    transaction: &mut PgConnection,
    row: &api_keys::ApiKey,
    now: DateTime<Utc>,
) -> Result<ApiKey, AuthError> {
    let key = ApiKey::new(SessionId::generate(state.clock.as_ref()), rand::random());
    let (id, hash) = (row.id(), key.hash());
    api_key_secrets::insert(transaction, key.id(), id, &hash, now, row.expires_at).await?;
    Ok(key)
}
