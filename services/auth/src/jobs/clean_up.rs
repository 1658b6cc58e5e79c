//! Deletes what has had its time, once an hour.

use std::time::Duration;

use chrono::{DateTime, Utc};
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

/// None of the steps waits for another's success; those that failed are made up for when the job is tried again.
async fn clean_up(state: &State) -> Result<u64, AuthError> {
    let (pool, now) = (&state.pool, state.clock.now());
    let mut done = Done::default();
    // Before the sessions, whose statements would else delete the many of each as well.
    done.note("refresh_tokens", refresh_tokens::delete_expired(pool, now - KEPT).await);
    done.note("sessions", sessions::delete_ended(pool, now - KEPT).await);
    done.note("email_tokens", email_tokens::delete_expired(pool, now).await);
    done.note("known_devices", known_devices::delete_unused(pool, now - KEPT_DEVICES).await);
    done.note("mfa_tickets", mfa_tickets::TOKENS.delete_expired(pool, now).await);
    done.note("totp_secrets", totp_secrets::delete_pending(pool, now - state.mfa.setup()).await);
    done.note("password_resets", password_resets::TOKENS.delete_expired(pool, now).await);
    done.note("registrations", forget_registrations(state, now).await);
    done.note("oidc_flows", oidc_flows::delete_expired(pool, now).await);
    done.note("oidc_codes", oidc_codes::delete_expired(pool, now).await);
    done.note("signing_keys", signing_keys::delete_retired(pool, now).await);
    done.note("api_keys", api_keys::delete_ended(pool, now - KEPT_API_KEYS).await);
    let unused_since = (now - KEPT_API_KEYS).date_naive();
    done.note("api_key_networks", api_key_networks::delete_unused(pool, unused_since).await);
    done.note("jobs", purge(pool, now, Retention::default()).await);
    let kept_dead = now - answer_mail_request::KEPT_DEAD;
    done.note("mail requests", purge_kind(pool, AnswerMailRequest::KIND, kept_dead).await);
    done.note("idempotency_keys", state.idempotency_keys.purge(now).await);
    done.outcome()
}

/// Names are freed after the accounts that give theirs up, and not without: when a name is free says nothing of what it was held
/// for.
async fn forget_registrations(state: &State, now: DateTime<Utc>) -> Result<u64, AuthError> {
    let rows = expire_registrations::expire(state, now).await?;
    Ok(rows + usernames::delete_expired(&state.pool, now).await?)
}

/// What the steps have done so far.
#[derive(Default)]
struct Done {
    rows: u64,
    failure: Option<AuthError>,
}

impl Done {
    fn note<E: Into<AuthError>>(&mut self, what: &'static str, step: Result<u64, E>) {
        match step {
            Ok(rows) => self.rows += rows,
            Err(error) => {
                let error: AuthError = error.into();
                tracing::warn!(
                    what,
                    error = &error as &dyn std::error::Error,
                    "a part of the clean-up failed; it is tried again"
                );
                self.failure.get_or_insert(error);
            }
        }
    }

    /// The rows of all steps, or the first failure.
    fn outcome(self) -> Result<u64, AuthError> {
        self.failure.map_or(Ok(self.rows), Err)
    }
}
