//! From who somebody is at a provider to whose account it is here.
//!
//! A known identity is its account. An unknown one meets an account only by what the provider may vouch for: a verified
//! address, from a provider that is trusted with addresses. An account that has the address verified is linked without its
//! owner's doing only where the operator wants it; one that nobody has verified yet is given to the owner of the address, and
//! nothing that somebody else registered it with stays.

use colink_core::id::{SessionId, UserId};
use colink_core::text::Email;
use colink_events::Cause;
use colink_events::users::{ProviderLinked, UserProvisioned, UserRegistered, UserUpdated, UserVerified};
use colink_http::RequestContext;
use sqlx::PgConnection;

use super::person::Person;
use super::provider::Provider;
use super::refusal::Refusal;
use super::{linking, names};
use crate::error::AuthError;
use crate::revocation::Revocation;
use crate::state::State;
use crate::store::users::{self, NewUser, User};
use crate::store::{identities, oidc_providers, registrations, sessions, usernames};

/// How an identity came to its account; the word in the event.
mod way {
    /// A new account was made for it.
    pub(super) const PROVISIONED: &str = "provisioned";
    /// The verified address was the same.
    pub(super) const ADDRESS: &str = "address";
    /// The user asked for it while signed in.
    pub(super) const USER: &str = "user";
}

/// Why there is no account to go on with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unresolved {
    /// It is to be told in the client's page.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] AuthError),
}

impl From<sqlx::Error> for Unresolved {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// An identity that somebody has just proven.
pub(crate) struct Proven<'a> {
    pub(crate) state: &'a State,
    pub(crate) provider: &'a Provider,
    pub(crate) person: &'a Person,
    pub(crate) context: &'a RequestContext,
}

impl Proven<'_> {
    /// The account to sign in to.
    ///
    /// The sessions that end when the account was there before and is linked now are to be announced after the commit.
    ///
    /// # Errors
    /// [`Unresolved`].
    pub(crate) async fn sign_in(
        &self,
        transaction: &mut PgConnection,
    ) -> Result<(UserId, Option<Revocation>), Unresolved> {
        let (provider, subject, now) = (&self.provider.key, &self.person.subject, self.state.clock.now());
        self.person.check_domain(self.provider)?;
        self.hold(transaction).await?;
        identities::lock_subject(transaction, provider, subject).await?;
        if let Some(user_id) = identities::find(&mut *transaction, provider, subject).await? {
            // The account first, as whoever unlinks does: the code that is kept next refers to it, and waits for who holds it.
            users::lock(transaction, user_id).await?;
            let linked = identities::update_used(transaction, provider, subject, now).await?;
            return if linked { Ok((user_id, None)) } else { Err(Refusal::Expired.into()) };
        }
        if !self.provider.trusts_email {
            return Err(Refusal::NotRegistered.into());
        }
        let email = self.person.verified_email(self.provider)?;
        match users::lock_by_email(transaction, &email).await? {
            Some(user) if user.email_verified_at.is_some() => {
                Ok((user.id(), Some(self.meet(transaction, &user).await?)))
            }
            Some(user) => Ok((self.take_over(transaction, &user).await?, None)),
            None => Ok((self.provision(transaction, &email).await?, None)),
        }
    }

    /// Links the identity to the account of a user who asked for it in this session, which alone goes on. The end of the
    /// others is to be announced after the commit.
    ///
    /// # Errors
    /// [`Unresolved`].
    pub(crate) async fn link(
        &self,
        transaction: &mut PgConnection,
        user_id: UserId,
        session_id: SessionId,
    ) -> Result<Revocation, Unresolved> {
        self.person.check_domain(self.provider)?;
        self.hold(transaction).await?;
        identities::lock_subject(transaction, &self.provider.key, &self.person.subject).await?;
        let user = users::lock(transaction, user_id).await?.filter(User::is_open).ok_or(Refusal::Expired)?;
        // Whoever was signed out meanwhile links nothing. Under the lock: whatever ends all his sessions holds it too.
        if !sessions::is_open(transaction, user_id, session_id, self.state.clock.now()).await? {
            return Err(Refusal::Expired.into());
        }
        self.attach(transaction, user.id(), way::USER).await?;
        self.tell(transaction, user.id(), Some(session_id)).await
    }

    /// A workspace's provider is not removed before this is done, with the link that is made; who comes back from one that was
    /// is too late.
    async fn hold(&self, transaction: &mut PgConnection) -> Result<(), Unresolved> {
        let Some(id) = self.provider.row_id() else { return Ok(()) };
        let held = oidc_providers::hold(transaction, id).await?;
        if held { Ok(()) } else { Err(Refusal::Expired.into()) }
    }

    /// An account with the same verified address.
    async fn meet(&self, transaction: &mut PgConnection, user: &User) -> Result<Revocation, Unresolved> {
        if !self.provider.link_by_address {
            return Err(Refusal::AccountExists.into());
        }
        self.attach(transaction, user.id(), way::ADDRESS).await?;
        self.tell(transaction, user.id(), None).await
    }

    /// An account that was registered and never verified: the owner of the address is here now, and whoever registered it
    /// keeps neither its password nor its name.
    async fn take_over(&self, transaction: &mut PgConnection, user: &User) -> Result<UserId, Unresolved> {
        if !self.provider.jit {
            return Err(Refusal::NotRegistered.into());
        }
        let (state, now) = (self.state, self.state.clock.now());
        let username = names::take(transaction, self.person).await?;
        usernames::update_held(transaction, &user.username, now + state.registration.lifetime()).await?;
        registrations::delete_all(transaction, user.id()).await?;
        let shown = names::display_name(self.person, &username);
        let user = users::update_vouched(transaction, user.id(), &username, &shown, now).await?;
        let cause = self.cause(user.id());
        state.emit(transaction, &UserVerified { user_id: user.id(), at: now.into() }, &cause).await?;
        state.emit(transaction, &UserUpdated(user.payload(now.into())), &cause).await?;
        self.attach(transaction, user.id(), way::PROVISIONED).await?;
        Ok(user.id())
    }

    /// A new account.
    async fn provision(&self, transaction: &mut PgConnection, email: &Email) -> Result<UserId, Unresolved> {
        if !self.provider.jit {
            return Err(Refusal::NotRegistered.into());
        }
        let (state, now) = (self.state, self.state.clock.now());
        let username = names::take(transaction, self.person).await?;
        let display_name = names::display_name(self.person, &username);
        let id = UserId::generate(state.clock.as_ref());
        let new = NewUser {
            id,
            email,
            username: &username,
            display_name: &display_name,
            password_hash: None,
            is_proven: true,
            now,
        };
        // Somebody registered the address in this moment: the next try finds his account.
        let user = users::insert(transaction, &new).await?.ok_or(AuthError::Busy("address"))?;
        let cause = self.cause(id);
        state.emit(transaction, &UserRegistered(user.payload(now.into())), &cause).await?;
        state.emit(transaction, &UserVerified { user_id: id, at: now.into() }, &cause).await?;
        self.attach(transaction, id, way::PROVISIONED).await?;
        Ok(id)
    }

    /// Links, and tells of it. The account's row is locked.
    async fn attach(
        &self,
        transaction: &mut PgConnection,
        user_id: UserId,
        way: &'static str,
    ) -> Result<(), Unresolved> {
        let (provider, subject, now) = (&self.provider.key, &self.person.subject, self.state.clock.now());
        if !identities::insert(transaction, provider, subject, user_id, now).await? {
            return Err(Refusal::AlreadyLinked.into());
        }
        identities::update_used(transaction, provider, subject, now).await?;
        let cause = self.cause(user_id);
        let linked =
            ProviderLinked { user_id, provider: provider.clone(), by: way.to_owned(), at: now.into() };
        self.state.emit(transaction, &linked, &cause).await?;
        if let Some(workspace_id) = self.provider.workspace_id.filter(|_| self.provider.jit) {
            let provider = provider.clone();
            let provisioned = UserProvisioned { user_id, workspace_id, provider, at: now.into() };
            self.state.emit(transaction, &provisioned, &cause).await?;
        }
        Ok(())
    }

    async fn tell(
        &self,
        transaction: &mut PgConnection,
        user_id: UserId,
        kept: Option<SessionId>,
    ) -> Result<Revocation, Unresolved> {
        let (name, cause) = (&self.provider.name, self.cause(user_id));
        Ok(linking::linked(self.state, transaction, user_id, name, kept, &cause).await?)
    }

    fn cause(&self, user_id: UserId) -> Cause {
        self.context.cause(Some(user_id), None)
    }
}
