//! Deletes what has had its time, once an hour.

use std::time::Duration;

use colink_jobs::{Job, JobFailure, JobRun, Retention, purge, purge_kind};
use serde::{Deserialize, Serialize};

use crate::error::AuthError;
use crate::jobs::answer_mail_request::{self, AnswerMailRequest};
use crate::jobs::expire_registrations;
use crate::state::State;
use crate::store::{
    api_key_networks, api_keys, email_tokens, known_devices, mfa_tickets, oidc_codes, oidc_flows,
    password_resets, refresh_tokens, sessions, signing_keys, totp_secrets, usernames,
};

/// Ended sessions are kept a day longer, for whoever looks into an incident.
const KEPT: Duration = Duration::from_secs(86_400);
/// Ended API keys are kept for 90 days; a network that a key was not used from for so long is new to it again.
const KEPT_API_KEYS: Duration = Duration::from_secs(90 * 86_400);

/// A device that was not used for so long is a new one.
const KEPT_DEVICES: Duration = Duration::from_secs(400 * 86_400);

/// The clean-up of this service's tables.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct CleanUp;

impl Job for CleanUp {
    const KIND: &'static str = "clean_up";
    const MAX_ATTEMPTS: u16 = 5;
    const TIMEOUT: Duration = Duration::from_secs(300);
    type State = State;

    async fn run(self, state: &State, _run: &JobRun) -> Result<(), JobFailure> {
        let rows = clean_up(state).await?;
        tracing::debug!(rows, "cleaned up");
        Ok(())
    }
}

async fn clean_up(state: &State) -> Result<u64, AuthError> {
    let (pool, now) = (&state.pool, state.clock.now());
    let mut rows = sessions::delete_ended(pool, now - KEPT).await?;
    rows += refresh_tokens::delete_expired(pool, now - KEPT).await?;
    rows += email_tokens::delete_expired(pool, now).await?;
    rows += known_devices::delete_unused(pool, now - KEPT_DEVICES).await?;
    rows += mfa_tickets::TOKENS.delete_expired(pool, now).await?;
    rows += totp_secrets::delete_pending(pool, now - state.mfa.setup()).await?;
    rows += password_resets::TOKENS.delete_expired(pool, now).await?;
    rows += expire_registrations::expire(state, now).await?;
    // After the accounts that give their names up.
    rows += usernames::delete_expired(pool, now).await?;
    rows += oidc_flows::delete_expired(pool, now).await?;
    rows += oidc_codes::delete_expired(pool, now).await?;
    rows += signing_keys::delete_retired(pool, now).await?;
    rows += api_keys::delete_ended(pool, now - KEPT_API_KEYS).await?;
    rows += api_key_networks::delete_unused(pool, (now - KEPT_API_KEYS).date_naive()).await?;
    rows += purge(pool, now, Retention::default()).await?;
    rows += purge_kind(pool, AnswerMailRequest::KIND, now - answer_mail_request::KEPT_DEAD).await?;
    rows += state.idempotency_keys.purge(now).await?;
    Ok(rows)
}
