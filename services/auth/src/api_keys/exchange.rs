//! An API key for a short-lived access token: the only thing that a key opens here.
//!
//! A key that is not well-formed costs nothing, another one a look-up by its public part. Of a wrong key it is not said
//! what is wrong. Wrong ones are counted for the client's network; while Redis is away they are not, because nobody
//! guesses 256 bits, and bots go on.
//!
//! A key of somebody who must have a second factor and has none, or of a bot of his, opens nothing: its token says so
//! (`mfa_enrolment`), and every service answers `MFA_REQUIRED` to it.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use colink_auth::{API_KEY, ApiKey, Claims, REALM_ADMIN};
use colink_core::id::SessionId;
use colink_core::permission::{Scope, Scopes};
use colink_events::users::ApiKeyUsed;
use colink_http::RequestContext;
use subtle::ConstantTimeEq;

use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::second_factor::{MULTIPLE, methods, policy};
use crate::state::State;
use crate::store::api_key_secrets::{self, Presented};
use crate::store::{api_key_networks, api_keys};

/// From where a key is used.
#[derive(Debug)]
pub(crate) struct Origin<'a> {
    pub(crate) ip: Option<IpAddr>,
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) context: &'a RequestContext,
}

/// A token that a key was exchanged for.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) access: String,
    /// Seconds that it lives.
    pub(crate) expires_in: i64,
    /// It opens nothing until a second factor is enrolled.
    pub(crate) restricted: bool,
}

/// Exchanges a key; `None` when it does not count.
///
/// # Errors
/// [`AuthError::Limited`] after too many wrong keys; failures of the store.
pub(crate) async fn exchange(
    state: &State,
    text: &str,
    origin: &Origin<'_>,
) -> Result<Option<Issued>, AuthError> {
    let Some(key) = ApiKey::parse(text) else {
        state.metrics.api_key_exchanged("malformed");
        return Ok(None);
    };
    let client = Subject::of_ip(origin.ip);
    lenient(state.limits.check(Limit::ApiKeyFailure, &client).await)?;
    match judge(state, &key, &client).await? {
        Ok(presented) => {
            let (now, factor) = (state.clock.now(), factor(state, &presented).await?);
            let restricted = factor == Factor::Missing;
            let issued = issue(state, key.id(), &presented, factor, now)?;
            if !restricted {
                note_use(state, key.id(), &presented, &client, origin, now).await?;
            }
            state.metrics.api_key_exchanged(if restricted { "mfa_required" } else { "ok" });
            Ok(Some(issued))
        }
        Err(outcome) => {
            state.metrics.api_key_exchanged(outcome);
            lenient(state.limits.take(Limit::ApiKeyFailure, &client).await)?;
            Ok(None)
        }
    }
}

/// The key as it is stored, if it counts; otherwise why not, for the metric.
async fn judge(
    state: &State,
    key: &ApiKey,
    client: &Subject,
) -> Result<Result<Presented, &'static str>, AuthError> {
    let found = api_key_secrets::find(&state.pool, key.id(), client.as_str()).await?;
    let Some(presented) = found else { return Ok(Err("unknown")) };
    if !bool::from(key.hash().as_slice().ct_eq(&presented.hash)) {
        return Ok(Err("wrong"));
    }
    if presented.ended {
        return Ok(Err("revoked"));
    }
    if presented.expires_at.is_some_and(|end| end <= state.clock.now()) {
        return Ok(Err("expired"));
    }
    if presented.closed {
        return Ok(Err("closed"));
    }
    Ok(Ok(presented))
}

/// The second factor of whoever answers for a key: its holder, or the owner of the bot that holds it. A bot cannot have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Factor {
    /// He has one.
    Enrolled,
    /// He has none and need not.
    NotNeeded,
    /// He must have one by now and has none: the key opens nothing.
    Missing,
}

async fn factor(state: &State, presented: &Presented) -> Result<Factor, AuthError> {
    let mut connection = state.pool.acquire().await?;
    if !methods(&mut connection, presented.answerable_id()).await?.is_empty() {
        return Ok(Factor::Enrolled);
    }
    let (roles, since) = (&presented.answerable_roles, presented.answerable_since);
    let due = policy::is_due(state, &mut *connection, roles, since).await?;
    Ok(if due { Factor::Missing } else { Factor::NotNeeded })
}

/// A token that lives shortly, and never longer than its key.
fn issue(
    state: &State,
    session_id: SessionId,
    presented: &Presented,
    factor: Factor,
    now: DateTime<Utc>,
) -> Result<Issued, AuthError> {
    let restricted = factor == Factor::Missing;
    let scopes = Scopes::read(&presented.scopes.join(" "));
    let issued = now.timestamp();
    let left = presented.expires_at.map_or(i64::MAX, |end| (end - now).num_seconds().max(1));
    let expires_in = i64::from(state.api_keys.access_s).min(left);
    let admits = |role: &&String| role.as_str() != REALM_ADMIN || scopes.contains(Scope::Admin);
    let claims = Claims {
        iss: state.issuer.to_string(),
        sub: presented.user_id(),
        aud: state.audience.to_string(),
        exp: issued + expires_in,
        iat: issued,
        nbf: None,
        jti: hex::encode(rand::random::<[u8; 16]>()),
        sid: session_id,
        // A key proves no address.
        email: None,
        preferred_username: presented.username.clone(),
        name: Some(presented.display_name.clone()),
        realm_roles: presented.realm_roles.iter().filter(admits).cloned().collect(),
        // Whoever answers for it cannot sign in without his factor, so a workspace that asks for one admits the key as well.
        amr: [API_KEY]
            .into_iter()
            .chain((factor == Factor::Enrolled).then_some(MULTIPLE))
            .map(str::to_owned)
            .collect(),
        mfa_enrolment: restricted,
        scope: Some(scopes),
    };
    Ok(Issued { access: state.keyring.sign(&claims, now)?, expires_in, restricted })
}

/// Writes down the first use of a day and the first from a network, and tells the audit log. Of all other uses nothing is
/// written: what was read to judge the key says that they are known.
async fn note_use(
    state: &State,
    session_id: SessionId,
    presented: &Presented,
    client: &Subject,
    origin: &Origin<'_>,
    now: DateTime<Utc>,
) -> Result<(), AuthError> {
    let today = now.date_naive();
    if presented.last_used_on >= Some(today) && presented.network_used_on >= Some(today) {
        return Ok(());
    }
    let (id, user_id) = (presented.api_key_id(), presented.user_id());
    let mut transaction = state.begin().await?;
    let first_today = api_keys::update_used(&mut transaction, id, today).await?;
    let new_address = api_key_networks::upsert(&mut transaction, id, client.as_str(), today).await?;
    if first_today || new_address {
        let mut cause = origin.context.cause(Some(user_id), Some(session_id));
        if let Some(actor) = &mut cause.actor {
            actor.ip = origin.ip;
            actor.user_agent = origin.user_agent.map(str::to_owned);
        }
        let event = ApiKeyUsed { user_id, api_key_id: id, session_id, new_address, at: now.into() };
        state.emit(&mut transaction, &event, &cause).await?;
    }
    state.commit(transaction).await
}

/// Only a limit that was counted refuses.
///
/// # Errors
/// [`AuthError::Limited`].
pub(crate) fn lenient(counted: Result<(), AuthError>) -> Result<(), AuthError> {
    match counted {
        Err(limited @ AuthError::Limited(_)) => Err(limited),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "wrong API keys are not counted");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
