//! An access token of a provider for a short one of ours, for calls that bring one to the gateway.
//!
//! Whose it is and what it proves is judged as in `POST /auth/token-exchange`, but nobody can be asked for a second factor
//! here: whoever has one and did not prove it at a provider that is trusted in this is sent there.
//!
//! All tokens of one identity share a session. It stands in its owner's list, counts among his sessions, and ends with
//! everything that ends sessions; then a token that was made until that moment is refused, so that an end lasts, and only
//! signing in at the provider anew opens another one. Of refusals nothing is written; wrong tokens are counted for the
//! client's network like wrong API keys. Every token is counted before it is judged, so that many at once are no way around
//! that, and what was not wrong is taken off again.

use chrono::{DateTime, Utc};
use colink_core::error::ErrorKind;
use colink_core::id::{SessionId, UserId};
use colink_events::Cause;
use colink_events::users::SessionStarted;
use colink_http::{ApiError, ApiResult};
use sqlx::PgConnection;

use crate::api_keys::exchange::{Issued, Origin, lenient};
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::oidc::presented::{self, Presented};
use crate::oidc::provider::Provider;
use crate::revocation::Revocation;
use crate::second_factor::{self, policy};
use crate::sign_in::{access_token_for, check_open, evict_surplus};
use crate::state::State;
use crate::store::provider_sessions::{self, ProviderSession};
use crate::store::sessions::{self, NewSession};
use crate::store::users::{self, User};

/// Life of a token, in seconds: what happens to the account here is felt after so long. The gateway asks once in that time.
const LIFE_S: i64 = 60;

/// Exchanges a token that says it is of `issuer`; `None` when it does not count.
///
/// # Errors
/// 403 that says what keeps its bearer out; 429 after too many wrong tokens; 502 while the provider does not answer; failures
/// of stores.
pub(crate) async fn exchange(
    state: &State,
    issuer: &str,
    token: &str,
    origin: &Origin<'_>,
) -> ApiResult<Option<Issued>> {
    let Some((provider, audience)) = state.oidc.exchanging(issuer) else { return Ok(None) };
    let client = Subject::of_ip(origin.ip);
    lenient(state.limits.claim(Limit::ApiKeyFailure, &client).await)?;
    let judged = judge(state, provider, audience, token).await;
    if !matches!(judged, Ok(None)) {
        lenient(state.limits.give_back(Limit::ApiKeyFailure, &client).await)?;
    }
    match judged? {
        Some(presented) => issue(state, provider, &presented, origin).await,
        None => Ok(None),
    }
}

/// Whose the token is; `None` when it is nobody's.
async fn judge(
    state: &State,
    provider: &Provider,
    audience: &str,
    token: &str,
) -> ApiResult<Option<Presented>> {
    match presented::judge(state, provider, audience, token).await.map_err(ApiError::from) {
        Ok(presented) => Ok(Some(presented)),
        Err(error) if error.kind() == ErrorKind::TokenInvalid => Ok(None),
        // A provider that is away is no reason for the gateway to take this service for gone.
        Err(error) if error.kind() == ErrorKind::ServiceUnavailable => {
            Err(ApiError::of(ErrorKind::Upstream).caused_by(error))
        }
        Err(error) => Err(error),
    }
}

async fn issue(
    state: &State,
    provider: &Provider,
    presented: &Presented,
    origin: &Origin<'_>,
) -> ApiResult<Option<Issued>> {
    let now = state.clock.now();
    let mut transaction = state.begin().await?;
    let user = users::lock(&mut transaction, presented.user.id()).await?.ok_or(AuthError::UserGone)?;
    check_open(&user)?;
    let proof = &presented.proof;
    proof.require(&mut transaction, user.id()).await?;
    if !proof.second_factor && !second_factor::methods(&mut transaction, user.id()).await?.is_empty() {
        return Err(ApiError::forbidden("You have a second factor: sign in with it, or at the provider."));
    }
    let session = session(state, &mut transaction, &user, provider, presented, origin).await?;
    let Some((session_id, ended)) = session else { return Ok(None) };
    let amr: Vec<String> = proof.amr.iter().map(|word| (*word).to_owned()).collect();
    let restricted = policy::restricts(state, &mut transaction, &user, &amr, now).await?;
    let expires_in = (presented.expires_at - now.timestamp()).clamp(1, LIFE_S);
    let access = access_token_for(state, &user, session_id, amr, restricted, now, expires_in)?;
    state.commit(transaction).await?;
    if let Some(ended) = ended {
        ended.announce(state).await;
        state.metrics.signed_in(user.id(), session_id);
    }
    Ok(Some(Issued { access, expires_in, restricted }))
}

/// The session of the identity, and what gave way when it is a new one; `None` for a token from before its end.
async fn session(
    state: &State,
    transaction: &mut PgConnection,
    user: &User,
    provider: &Provider,
    presented: &Presented,
    origin: &Origin<'_>,
) -> Result<Option<(SessionId, Option<Revocation>)>, AuthError> {
    let now = state.clock.now();
    let known = provider_sessions::find(transaction, &provider.key, &presented.subject).await?;
    let known = known.filter(|known| known.user_id() == user.id());
    let not_before = known.as_ref().and_then(ProviderSession::not_before);
    if not_before.is_some_and(|moment| !is_younger(presented, moment)) {
        return Ok(None);
    }
    match known {
        Some(known) if known.revoked_at.is_none() && known.expires_at > now => {
            let (expires_at, ip) = (now + state.tokens.refresh(), origin.ip.map(|ip| ip.to_string()));
            let id = known.session_id();
            sessions::update_seen(transaction, id, origin.user_agent, ip, now, expires_at).await?;
            Ok(Some((id, None)))
        }
        _ => {
            let begun = begin(state, transaction, user, provider, presented, origin, not_before).await?;
            Ok(Some(begun))
        }
    }
}

/// A token that does not say when it was made is old.
fn is_younger(presented: &Presented, moment: DateTime<Utc>) -> bool {
    presented.issued_at.is_some_and(|issued_at| issued_at > moment.timestamp())
}

/// A session without a refresh token: the provider has one.
async fn begin(
    state: &State,
    transaction: &mut PgConnection,
    user: &User,
    provider: &Provider,
    presented: &Presented,
    origin: &Origin<'_>,
    not_before: Option<DateTime<Utc>>,
) -> Result<(SessionId, Option<Revocation>), AuthError> {
    let (now, proof) = (state.clock.now(), &presented.proof);
    let (user_id, session_id) = (user.id(), SessionId::generate(state.clock.as_ref()));
    let amr: Vec<String> = proof.amr.iter().map(|word| (*word).to_owned()).collect();
    let new = NewSession {
        id: session_id,
        user_id,
        device_name: Some(&provider.name),
        user_agent: origin.user_agent,
        ip: origin.ip.map(|ip| ip.to_string()),
        method: proof.method,
        amr: &amr,
        csrf_hash: None,
        now,
        authenticated_at: proof.authenticated_at.unwrap_or(now),
        expires_at: now + state.tokens.refresh(),
    };
    sessions::insert(transaction, &new).await?;
    provider_sessions::upsert(transaction, &provider.key, &presented.subject, session_id, not_before).await?;
    let cause = cause(origin, user_id, session_id);
    let ended = evict_surplus(state, transaction, user_id, session_id, &cause).await?;
    let method = proof.method.to_owned();
    let started = SessionStarted { user_id, session_id, at: now.into(), method, second_factor: None };
    state.emit(transaction, &started, &cause).await?;
    Ok((session_id, Some(ended)))
}

/// The client's, and not the gateway's.
fn cause(origin: &Origin<'_>, user_id: UserId, session_id: SessionId) -> Cause {
    let mut cause = origin.context.cause(Some(user_id), Some(session_id));
    if let Some(actor) = &mut cause.actor {
        actor.ip = origin.ip;
        actor.user_agent = origin.user_agent.map(str::to_owned);
    }
    cause
}
