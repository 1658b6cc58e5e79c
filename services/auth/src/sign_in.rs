//! What follows once somebody has proven who he is, by whatever means: a session and its tokens.

use chrono::{DateTime, Utc};
use colink_auth::Claims;
use colink_core::id::{SessionId, UserId};
use colink_events::Cause;
use colink_events::users::SessionStarted;
use colink_http::RequestContext;
use sqlx::PgConnection;

use crate::browser::{self, RefreshIn};
use crate::domain::opaque_token::OpaqueToken;
use crate::error::AuthError;
use crate::revocation::{Revocation, reason};
use crate::second_factor::{self, Challenge};
use crate::state::State;
use crate::store::users::User;
use crate::store::{refresh_tokens, sessions, users};

/// How somebody proved who he is.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    /// The word in the event `session.started`.
    pub(crate) method: &'static str,
    /// The claim `amr` (RFC 8176).
    pub(crate) amr: Vec<&'static str>,
    /// Whether this was two factors already.
    pub(crate) second_factor: bool,
}

impl Proof {
    /// A password, and nothing else.
    pub(crate) fn password() -> Self {
        Self { method: "password", amr: vec!["pwd"], second_factor: false }
    }

    /// A passkey, and nothing else: what somebody has, and, if its authenticator verified him, what he knows or is.
    pub(crate) fn passkey(user_verified: bool) -> Self {
        let amr = vec!["hwk", if user_verified { "mfa" } else { "user" }];
        Self { method: "passkey", amr, second_factor: user_verified }
    }
}

/// What follows from a proof.
#[derive(Debug)]
pub(crate) enum Admission {
    /// A session.
    SignedIn(TokenPair),
    /// The question for the second factor.
    #[expect(dead_code, reason = "no second factor can be enrolled yet")]
    SecondFactor(Challenge),
}

/// The two tokens of a session.
#[derive(Debug)]
pub(crate) struct TokenPair {
    pub(crate) session_id: SessionId,
    pub(crate) access: String,
    pub(crate) refresh: OpaqueToken,
    pub(crate) refresh_in: RefreshIn,
}

/// Lets somebody in who has proven who he is, or asks for the second factor that he has.
///
/// # Errors
/// As [`begin_session`].
pub(crate) async fn admit(
    state: &State,
    user: &User,
    proof: Proof,
    device_name: Option<&str>,
    context: &RequestContext,
) -> Result<Admission, AuthError> {
    let _asked = !proof.second_factor && !second_factor::methods(state, user.id()).await?.is_empty();
    Ok(Admission::SignedIn(begin_session(state, user, proof, device_name, context).await?))
}

/// Begins a session, and ends the oldest when there are too many, and the one that the same browser had.
///
/// # Errors
/// [`AuthError::Suspended`], those of [`RefreshIn::asked`], and failures of stores and keys; then nothing was begun.
pub(crate) async fn begin_session(
    state: &State,
    user: &User,
    proof: Proof,
    device_name: Option<&str>,
    context: &RequestContext,
) -> Result<TokenPair, AuthError> {
    let refresh_in = RefreshIn::asked(state, context)?;
    let (now, session_id) = (state.clock.now(), SessionId::generate(state.clock.as_ref()));
    let cause = context.cause(Some(user.id()), Some(session_id));
    let amr: Vec<String> = proof.amr.iter().map(|word| (*word).to_owned()).collect();
    let mut transaction = state.begin().await?;
    // The row lock lets the sign-ins of one user happen one after the other, so that the cap holds.
    let user = users::lock(&mut transaction, user.id()).await?.ok_or(AuthError::UserGone)?;
    check_open(&user)?;
    let session = sessions::NewSession {
        id: session_id,
        user_id: user.id(),
        device_name,
        user_agent: context.user_agent(),
        ip: context.ip().map(|ip| ip.to_string()),
        method: proof.method,
        amr: &amr,
        csrf_hash: refresh_in.csrf_token().map(OpaqueToken::hash),
        now,
        expires_at: now + state.tokens.refresh(),
    };
    sessions::insert(&mut transaction, &session).await?;
    let refresh = OpaqueToken::generate();
    refresh_tokens::insert(&mut transaction, refresh.hash(), session_id, now, session.expires_at).await?;
    let evicted = evict_surplus(state, &mut transaction, user.id(), session_id, &cause).await?;
    let replaced = match refresh_in {
        RefreshIn::Cookie(_) => browser::end_previous(state, &mut transaction, context).await?,
        RefreshIn::Body => None,
    };
    let started =
        SessionStarted { user_id: user.id(), session_id, at: now.into(), method: proof.method.to_owned() };
    state.emit(&mut transaction, &started, &cause).await?;
    let access = access_token(state, &user, session_id, amr, now)?;
    state.commit(transaction).await?;
    evicted.announce(state).await;
    if let Some(replaced) = replaced {
        replaced.announce(state).await;
    }
    state.metrics.signed_in(user.id(), session_id);
    Ok(TokenPair { session_id, access, refresh, refresh_in })
}

/// Ends the oldest sessions above the cap. The user's row must be locked.
async fn evict_surplus(
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

/// An access token that says who the user is now.
///
/// # Errors
/// [`AuthError::Busy`] while no key is loaded.
pub(crate) fn access_token(
    state: &State,
    user: &User,
    session_id: SessionId,
    amr: Vec<String>,
    now: DateTime<Utc>,
) -> Result<String, AuthError> {
    let issued = now.timestamp();
    let claims = Claims {
        iss: state.issuer.to_string(),
        sub: user.id(),
        aud: state.audience.to_string(),
        exp: issued + i64::from(state.tokens.access_s),
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
    };
    state.keyring.sign(&claims, now)
}
