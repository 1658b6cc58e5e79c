//! What this service keeps of a user, and nothing of what opens his account: no hash, no seed, no key, no token.

use std::str::FromStr;

use colink_core::id::{ProviderId, UserId};
use serde_json::{Value, json};

use super::collect::Archive;
use crate::error::AuthError;
use crate::routes::users::Profile;
use crate::second_factor;
use crate::state::State;
use crate::store::{api_keys, bots, identities, known_devices, oidc_providers, passkeys, sessions, users};

/// Adds a file for each kind.
///
/// # Errors
/// Failures of the store, and of the archive.
pub(super) async fn add(state: &State, user_id: UserId, archive: &Archive) -> Result<(), AuthError> {
    let user = users::lookup(&state.pool, user_id).await?.ok_or(AuthError::UserGone)?;
    archive.file("profile.json", &Profile::of(&user, state.clock.now())).await?;
    archive.file("sessions.json", &sessions_of(state, user_id).await?).await?;
    archive.file("known_devices.json", &devices_of(state, user_id).await?).await?;
    archive.file("security.json", &security_of(state, user_id).await?).await?;
    archive.file("identities.json", &identities_of(state, user_id).await?).await?;
    archive.file("api_keys.json", &keys_of(state, user_id).await?).await?;
    archive.file("bots.json", &bots_of(state, user_id).await?).await
}

/// Also those that have ended, as long as they are kept.
async fn sessions_of(state: &State, user_id: UserId) -> Result<Vec<Value>, AuthError> {
    let sessions = sessions::list_kept(&state.pool, user_id).await?;
    let shown = sessions.iter().map(|kept| {
        let session = &kept.session;
        json!({
            "id": session.id(), "device_name": session.device_name, "user_agent": session.user_agent,
            "ip": session.ip, "method": session.method, "amr": session.amr, "created_at": session.created_at,
            "last_seen_at": session.last_seen_at, "expires_at": session.expires_at,
            "ended_at": kept.revoked_at, "ended_because": kept.revoked_reason,
        })
    });
    Ok(shown.collect())
}

async fn devices_of(state: &State, user_id: UserId) -> Result<Vec<Value>, AuthError> {
    let devices = known_devices::list(&state.pool, user_id).await?;
    let shown = devices.iter().map(|device| {
        json!({ "fingerprint": hex::encode(&device.fingerprint), "last_seen_at": device.last_seen_at })
    });
    Ok(shown.collect())
}

/// Which ways in there are.
async fn security_of(state: &State, user_id: UserId) -> Result<Value, AuthError> {
    let passkeys = passkeys::list(&state.pool, user_id).await?;
    let shown = passkeys.iter().map(|passkey| {
        json!({
            "id": passkey.id(), "name": passkey.name, "created_at": passkey.created_at,
            "last_used_at": passkey.last_used_at,
        })
    });
    let shown: Vec<Value> = shown.collect();
    let mut connection = state.pool.acquire().await?;
    let second_factors = second_factor::methods(&mut connection, user_id).await?;
    Ok(json!({ "passkeys": shown, "second_factors": second_factors }))
}

/// Who the user is elsewhere. The address there is not kept.
async fn identities_of(state: &State, user_id: UserId) -> Result<Vec<Value>, AuthError> {
    let mut shown = Vec::new();
    for identity in identities::list(&state.pool, user_id).await? {
        let (name, issuer) = provider_of(state, &identity.provider).await?.unzip();
        shown.push(json!({
            "provider": identity.provider, "name": name, "issuer": issuer, "subject": identity.subject,
            "linked_at": identity.linked_at, "last_used_at": identity.last_used_at,
        }));
    }
    Ok(shown)
}

/// Name and issuer of a provider: of the installation, or of a workspace. None when it is not offered any more.
async fn provider_of(state: &State, key: &str) -> Result<Option<(String, String)>, AuthError> {
    if let Some(provider) = state.oidc.configured(key) {
        return Ok(Some((provider.name.clone(), provider.issuer.clone())));
    }
    let Ok(id) = ProviderId::from_str(key) else { return Ok(None) };
    let stored = oidc_providers::lookup(&state.pool, id.as_uuid()).await?;
    Ok(stored.map(|stored| (stored.name, stored.issuer)))
}

/// Also those that have ended, as long as they are kept.
async fn keys_of(state: &State, user_id: UserId) -> Result<Vec<Value>, AuthError> {
    let keys = api_keys::list_kept(&state.pool, user_id).await?;
    let shown = keys.iter().map(|kept| {
        let key = &kept.key;
        json!({
            "id": key.id(), "name": key.name, "scopes": key.scopes, "created_at": key.created_at,
            "expires_at": key.expires_at, "ended_at": kept.revoked_at, "last_used_on": key.last_used_on,
            "networks": kept.networks,
        })
    });
    Ok(shown.collect())
}

/// Also those out of use, with their keys.
async fn bots_of(state: &State, owner_id: UserId) -> Result<Vec<Value>, AuthError> {
    let mut shown = Vec::new();
    for bot in bots::list_kept(&state.pool, owner_id).await? {
        shown.push(json!({
            "id": bot.user.id(), "username": bot.user.username, "display_name": bot.user.display_name,
            "description": bot.description, "created_at": bot.user.created_at,
            "deactivated_at": bot.deactivated_at, "api_keys": keys_of(state, bot.user.id()).await?,
        }));
    }
    Ok(shown)
}
