//! Whether a password is somebody's: for signing in, and for whoever is asked again.
//!
//! An unknown address costs the same hash and the same writes as a wrong password. The lock is looked at when the
//! turn for the hash has come and a failure is counted before the turn is given back, so guesses sent all at once
//! are at most as many more as hashes are computed at a time. Only tries that get past the lock count for the address:
//! whoever is locked out does not use up what its owner has left elsewhere. A refusal takes as long for hashes of other
//! systems as for the rest (`passwords/floor.rs`).
//!
//! Between the check and what it opens the password may be changed, so a check answers with the hash that it was right for,
//! and whoever acts on it looks at that again under the lock of the user's row ([`ProvenHash::require`]).

use std::time::Instant;

use colink_core::id::UserId;
use colink_core::text::Email;
use colink_events::users::{AccountLocked, LoginFailed};
use colink_http::RequestContext;
use sqlx::PgConnection;

use crate::domain::password::Password;
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::passwords::{Turn, Verdict};
use crate::state::State;
use crate::store::users::{self, Credentials, User};

/// What is being tried: which address, from where.
pub(crate) struct PasswordCheck<'a> {
    state: &'a State,
    context: &'a RequestContext,
    address: Subject,
    client: Subject,
}

/// Somebody whose password was right.
#[derive(Debug)]
pub(crate) struct Proven {
    pub(crate) user: User,
    pub(crate) hash: ProvenHash,
}

/// The stored hash that a password was right for, or the one that took its place for the same password.
#[derive(Debug, Clone)]
pub(crate) struct ProvenHash(String);

impl ProvenHash {
    /// Refuses when the password was changed since. The user's row must be locked.
    ///
    /// # Errors
    /// [`AuthError::WrongCredentials`], and failures of the store.
    pub(crate) async fn require(
        &self,
        connection: &mut PgConnection,
        user_id: UserId,
    ) -> Result<(), AuthError> {
        let stored = users::lookup_credentials(connection, user_id).await?;
        let stored = stored.and_then(|stored| stored.password_hash);
        if stored.as_ref() == Some(&self.0) { Ok(()) } else { Err(AuthError::WrongCredentials) }
    }
}

impl<'a> PasswordCheck<'a> {
    /// A try for this address, if the client has not used up its own.
    ///
    /// # Errors
    /// [`AuthError::Limited`], and failures of Redis.
    pub(crate) async fn begin(
        state: &'a State,
        context: &'a RequestContext,
        email: &Email,
    ) -> Result<Self, AuthError> {
        let (address, client) = (Subject::address(email), Subject::client(context));
        state.limits.take(Limit::Login, &client).await?;
        Ok(Self { state, context, address, client })
    }

    /// The same for somebody who is signed in.
    ///
    /// # Errors
    /// As [`Self::begin`]; [`AuthError::NoPassword`] for an account that signs in without address and password.
    pub(crate) async fn of(
        state: &'a State,
        context: &'a RequestContext,
        user: &User,
    ) -> Result<Self, AuthError> {
        let email = user.email_normalised.as_deref().and_then(|email| Email::parse(email).ok());
        Self::begin(state, context, &email.ok_or(AuthError::NoPassword)?).await
    }
}

impl PasswordCheck<'_> {
    /// The user, if the password is his. An address that nobody proved is like one that nobody has: whoever registered
    /// with it would learn by another answer that it was unknown before.
    ///
    /// # Errors
    /// [`AuthError::WrongCredentials`], [`AuthError::Locked`], [`AuthError::Limited`], and failures of stores.
    pub(crate) async fn prove(
        &self,
        found: Option<Credentials>,
        password: &Password,
    ) -> Result<Proven, AuthError> {
        let turn = self.state.passwords.turn().await?;
        let began = Instant::now();
        let proven = self.judge(turn, found, password).await;
        if matches!(proven, Err(AuthError::WrongCredentials)) {
            self.state.passwords.rest(began, password).await;
        }
        proven
    }

    /// Keeps the turn until a failure is counted, and gives it back with the answer.
    async fn judge(
        &self,
        turn: Turn,
        found: Option<Credentials>,
        password: &Password,
    ) -> Result<Proven, AuthError> {
        let user_id = found.as_ref().map(|found| found.user.id());
        let lock = self.state.limits.check_lock(&self.address, &self.client).await;
        lock.inspect_err(|_| self.state.metrics.sign_in_refused("locked", user_id))?;
        self.state.limits.take(Limit::LoginAddress, &self.address).await?;
        let stored = found.as_ref().and_then(|found| found.password_hash.as_deref());
        let verdict = turn.verify(password, stored).await?;
        let is_right =
            |found: &Credentials| verdict != Verdict::Wrong && found.user.email_verified_at.is_some();
        let Some(Credentials { user, password_hash: Some(hash) }) = found.filter(is_right) else {
            return self.fail(user_id).await;
        };
        self.state.limits.forget_failures(&self.address, &self.client).await?;
        let outdated = verdict == Verdict::Outdated;
        let hash = if outdated { self.hash_anew(&turn, user.id(), password, &hash).await? } else { hash };
        Ok(Proven { user, hash: ProvenHash(hash) })
    }

    /// Counts a failure and tells the audit log.
    async fn fail<T>(&self, user_id: Option<UserId>) -> Result<T, AuthError> {
        let locked = self.state.limits.record_failure(&self.address, &self.client).await?;
        let (now, cause) = (self.state.clock.now(), self.context.cause(user_id, None));
        let mut transaction = self.state.begin().await?;
        let failed = LoginFailed { user_id, reason: "password".to_owned(), at: now.into() };
        self.state.emit(&mut transaction, &failed, &cause).await?;
        if let Some(lasts) = locked {
            let event = AccountLocked { user_id, until: (now + lasts).into(), at: now.into() };
            self.state.emit(&mut transaction, &event, &cause).await?;
            self.state.metrics.locked(user_id, lasts);
        }
        self.state.commit(transaction).await?;
        self.state.metrics.sign_in_refused("credentials", user_id);
        Err(AuthError::WrongCredentials)
    }

    /// Stores a hash of today's cost, and says what is stored then. Of several sign-ins at once one stores its own, and the
    /// others find that; whoever finds another password was too late.
    async fn hash_anew(
        &self,
        turn: &Turn,
        user_id: UserId,
        password: &Password,
        old: &str,
    ) -> Result<String, AuthError> {
        let new = turn.hash(password).await?;
        if users::update_password_hash(&self.state.pool, user_id, old, &new).await? {
            return Ok(new);
        }
        let stored = users::lookup_credentials(&self.state.pool, user_id).await?;
        let stored = stored.and_then(|stored| stored.password_hash);
        let verdict = turn.verify(password, stored.as_deref()).await?;
        stored.filter(|_| verdict != Verdict::Wrong).ok_or(AuthError::WrongCredentials)
    }
}
