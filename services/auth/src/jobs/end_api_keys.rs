//! Ends the secrets of API keys whose time has passed. New tokens they get none by then; this closes sockets that
//! were opened with them.

use std::time::Duration;

use colink_events::Cause;
use colink_jobs::{Job, JobFailure, JobRun};
use serde::{Deserialize, Serialize};

use crate::error::AuthError;
use crate::revocation::{Revocation, reason};
use crate::state::State;
use crate::store::api_key_secrets;

/// How often it recurs.
pub(crate) const EVERY: Duration = Duration::from_secs(5);
const AT_ONCE: i64 = 100;

/// The look for secrets whose time has passed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct EndApiKeys;

impl Job for EndApiKeys {
    const KIND: &'static str = "end_api_keys";
    type State = State;

    async fn run(self, state: &State, run: &JobRun) -> Result<(), JobFailure> {
        while end_due(state, &run.cause).await? {}
        Ok(())
    }
}

/// Whether there may be more.
async fn end_due(state: &State, cause: &Cause) -> Result<bool, AuthError> {
    let mut transaction = state.begin().await?;
    let due = api_key_secrets::update_due_ended(&mut transaction, state.clock.now(), AT_ONCE).await?;
    if due.is_empty() {
        return Ok(false);
    }
    let more = i64::try_from(due.len()).is_ok_and(|taken| taken == AT_ONCE);
    let why = reason::API_KEY_EXPIRED;
    let ended = Revocation::record_each(state, &mut transaction, due, why, cause).await?;
    state.commit(transaction).await?;
    for revocation in ended {
        revocation.announce(state).await;
    }
    Ok(more)
}
