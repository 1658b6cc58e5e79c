//! Deletes what has had its time, once an hour.

use std::sync::Arc;
use std::time::Duration;

use colink_http::idempotency::IdempotencyStore;
use tokio_util::sync::CancellationToken;

use crate::error::AuthError;
use crate::jobs::expire_registrations;
use crate::state::State;
use crate::store::{
    api_key_networks, api_keys, email_tokens, mail_queue, mfa_tickets, password_resets, refresh_tokens,
    sessions, signing_keys, totp_secrets, usernames,
};

const EVERY: Duration = Duration::from_secs(3600);
/// Ended sessions are kept a day longer, for whoever looks into an incident.
const KEPT: Duration = Duration::from_secs(86_400);
/// Mails that were given up are kept a week: they tell of a mail server that refuses us.
const KEPT_MAILS: Duration = Duration::from_secs(7 * 86_400);

/// Ended API keys are kept for 90 days; a network that a key was not used from for so long is new to it again.
const KEPT_API_KEYS: Duration = Duration::from_secs(90 * 86_400);

/// Runs until `stop`.
pub(crate) async fn run(state: State, idempotency: Arc<dyn IdempotencyStore>, stop: CancellationToken) {
    loop {
        match clean_up(&state, idempotency.as_ref()).await {
            Ok(rows) => tracing::debug!(rows, "cleaned up"),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the clean-up failed, the next one follows"
                );
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn clean_up(state: &State, idempotency: &dyn IdempotencyStore) -> Result<u64, AuthError> {
    let (pool, now) = (&state.pool, state.clock.now());
    let mut rows = sessions::delete_ended(pool, now - KEPT).await?;
    rows += refresh_tokens::delete_expired(pool, now - KEPT).await?;
    rows += email_tokens::delete_expired(pool, now).await?;
    rows += mfa_tickets::delete_expired(pool, now).await?;
    rows += totp_secrets::delete_pending(pool, now - state.mfa.setup()).await?;
    rows += password_resets::delete_expired(pool, now).await?;
    rows += expire_registrations::expire(state).await?;
    rows += usernames::delete_expired(pool, now).await?;
    rows += signing_keys::delete_retired(pool, now).await?;
    rows += mail_queue::delete_failed(pool, now - KEPT_MAILS).await?;
    rows += api_keys::delete_ended(pool, now - KEPT_API_KEYS).await?;
    rows += api_key_networks::delete_unused(pool, (now - KEPT_API_KEYS).date_naive()).await?;
    rows += idempotency.purge(now).await?;
    Ok(rows)
}
