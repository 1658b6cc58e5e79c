//! What follows once somebody has proven who he is, by whatever means: a session and its tokens.

mod basis;
mod proof;

use chrono::{DateTime, Utc};
use colink_auth::Claims;
use colink_core::id::{SessionId, UserId};
use colink_events::Cause;
use colink_events::users::SessionStarted;
use colink_http::RequestContext;
use sqlx::PgConnection;

pub(crate) use self::proof::{Grounds, PROVIDER, Proof};
use crate::browser::{self, RefreshIn};
use crate::domain::opaque_token::OpaqueToken;
use crate::error::AuthError;
use crate::new_device;
use crate::revocation::{Revocation, reason};
use crate::second_factor::{self, Challenge, policy, ticket};
use crate::state::State;
use crate::store::users::User;
use crate::store::{refresh_tokens, sessions, users};

/// What follows from a proof.
#[derive(Debug)]
pub(crate) enum Admission {
    /// A session.
    SignedIn(TokenPair),
    /// The question for the second factor.
    SecondFactor(Challenge),
}

/// The two tokens of a session.
#[derive(Debug)]
pub(crate) struct TokenPair {
    pub(crate) session_id: SessionId,
    pub(crate) access: String,
    pub(crate) refresh: OpaqueToken,
    /// The session is good for nothing but enrolling a second factor.
    pub(crate) restricted: bool,
    pub(crate) refresh_in: RefreshIn,
}

/// A session that was begun in a transaction, to be announced after its commit.
#[derive(Debug)]
#[must_use = "announce it after the commit"]
pub(crate) struct Opened {
    user_id: UserId,
    tokens: TokenPair,
    /// Sessions that gave way.
    ended: Vec<Revocation>,
}

impl Opened {
    /// The tokens, after the end of the sessions that gave way was made known.
    pub(crate) async fn announce(self, state: &State) -> TokenPair {
        for ended in self.ended {
            ended.announce(state).await;
        }
        state.metrics.signed_in(self.user_id, self.tokens.session_id);
        self.tokens
    }
}

/// Lets somebody in who has proven who he is, or asks for the second factor that he has.
///
/// # Errors
/// As [`open_session`] and [`Proof::require`].
pub(crate) async fn admit(
    state: &State,
    user: &User,
    proof: Proof,
    device_name: Option<&str>,
    context: &RequestContext,
) -> Result<Admission, AuthError> {
    let mut transaction = state.begin().await?;
    // The row lock lets the sign-ins of one user happen one after the other, so that the cap holds and a factor that is
    // being enrolled is either seen here or ends the session.
    let user = users::lock(&mut transaction, user.id()).await?.ok_or(AuthError::UserGone)?;
    proof.require(&mut transaction, user.id()).await?;
    let methods = second_factor::methods(&mut transaction, user.id()).await?;
    if proof.second_factor || methods.is_empty() {
        let opened = open_session(state, &mut transaction, &user, proof.into(), device_name, context).await?;
        state.commit(transaction).await?;
        return Ok(Admission::SignedIn(opened.announce(state).await));
    }
    check_open(&user)?;
    let challenge =
        ticket::issue(state, &mut transaction, &user, &proof, methods, device_name, context).await?;
    state.commit(transaction).await?;
    Ok(Admission::SecondFactor(challenge))
}

/// Begins a session, and ends the oldest when there are too many, and the one that the same browser had. The user's row
/// must be locked.
///
/// # Errors
/// [`AuthError::Suspended`], those of [`RefreshIn::asked`], and failures of stores and keys; then nothing was begun.
pub(crate) async fn open_session(
    state: &State,
    transaction: &mut PgConnection,
    user: &User,
    grounds: Grounds,
    device_name: Option<&str>,
    context: &RequestContext,
) -> Result<Opened, AuthError> {
    let refresh_in = RefreshIn::asked(state, context)?;
    let (now, session_id) = (state.clock.now(), SessionId::generate(state.clock.as_ref()));
    let (user_id, cause) = (user.id(), context.cause(Some(user.id()), Some(session_id)));
    check_open(user)?;
    let session = sessions::NewSession {
        id: session_id,
        user_id,
        device_name,
        user_agent: context.user_agent(),
        ip: context.ip().map(|ip| ip.to_string()),
        method: &grounds.method,
        amr: &grounds.amr,
        csrf_hash: refresh_in.csrf_token().map(OpaqueToken::hash),
        now,
        authenticated_at: grounds.authenticated_at.unwrap_or(now),
        expires_at: now + state.tokens.refresh(),
    };
    sessions::insert(transaction, &session).await?;
    let refresh = OpaqueToken::generate();
    refresh_tokens::insert(&mut *transaction, refresh.hash(), session_id, now, session.expires_at).await?;
    let mut ended = vec![evict_surplus(state, transaction, user_id, session_id, &cause).await?];
    if matches!(refresh_in, RefreshIn::Cookie(_)) {
        ended.extend(browser::end_previous(state, transaction, context).await?);
    }
    new_device::note(state, transaction, user_id, context, &cause).await?;
    let started = SessionStarted {
        user_id,
        session_id,
        at: now.into(),
        method: grounds.method,
        second_factor: grounds.second_factor.map(|method| method.word().to_owned()),
    };
    state.emit(transaction, &started, &cause).await?;
    let restricted = policy::restricts(state, transaction, user, &grounds.amr, now).await?;
    let access = access_token(state, user, session_id, grounds.amr, restricted, now)?;
    let tokens = TokenPair { session_id, access, refresh, restricted, refresh_in };
    Ok(Opened { user_id, tokens, ended })
}

/// Ends the oldest sessions above the cap. The user's row must be locked.
///
/// # Errors
/// Failures of the database.
pub(crate) async fn evict_surplus(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    newest: SessionId,
    cause: &Cause,
) -> Result<Revocation, AuthError> {
    let (cap, reason, now) = (state.tokens.max_sessions, reason::SESSION_LIMIT, state.clock.now());
    let surplus = sessions::update_surplus_revoked(transaction, user_id, newest, cap, reason, now).await?;
    Revocation::record(state, transaction, user_id, surplus, reason, cause).await
}

/// Whether the user may be signed in at all.
///
/// # Errors
/// [`AuthError::Unverified`], [`AuthError::Suspended`], [`AuthError::Deactivated`].
pub(crate) fn check_open(user: &User) -> Result<(), AuthError> {
    if user.suspended_at.is_some() {
        Err(AuthError::Suspended)
    } else if !user.is_open() {
        Err(AuthError::Deactivated)
    } else if user.email_verified_at.is_none() {
        Err(AuthError::Unverified)
    } else {
        Ok(())
    }
}

/// An access token that says who the user is now. A restricted one is good for nothing but enrolling a second factor.
///
/// # Errors
/// [`AuthError::Busy`] while no key is loaded.
pub(crate) fn access_token(
    state: &State,
    user: &User,
    session_id: SessionId,
    amr: Vec<String>,
    restricted: bool,
    now: DateTime<Utc>,
) -> Result<String, AuthError> {
    let life_s = i64::from(state.tokens.access_s);
    access_token_for(state, user, session_id, amr, restricted, now, life_s)
}

/// The same with a life of its own, in seconds.
///
/// # Errors
/// As [`access_token`].
pub(crate) fn access_token_for(
    state: &State,
    user: &User,
    session_id: SessionId,
    amr: Vec<String>,
    restricted: bool,
    now: DateTime<Utc>,
    life_s: i64,
) -> Result<String, AuthError> {
    let issued = now.timestamp();
    let claims = Claims {
        iss: state.issuer.to_string(),
        sub: user.id(),
        aud: state.audience.to_string(),
        exp: issued + life_s,
        iat: issued,
        nbf: None,
        jti: hex::encode(rand::random::<[u8; 16]>()),
        sid: session_id,
        email: user.email_normalised.clone(),
        preferred_username: user.username.clone(),
        name: Some(user.display_name.clone()),
        realm_roles: user.realm_roles.clone(),
        amr,
        scope: None,
        mfa_enrolment: restricted,
    };
    state.keyring.sign(&claims, now)
}
