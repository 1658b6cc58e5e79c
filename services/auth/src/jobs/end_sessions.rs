//! Ends the sessions whose time has passed. Their tokens are over by then; this closes sockets, which outlive the tokens
//! that opened them, and which nobody could end any more who looks for them among his sessions.

use std::time::Duration;

use colink_events::Cause;
use colink_jobs::{Job, JobFailure, JobRun};
use serde::{Deserialize, Serialize};

use crate::error::AuthError;
use crate::revocation::{Revocation, reason};
use crate::state::State;
use crate::store::sessions;

/// How often it recurs.
pub(crate) const EVERY: Duration = Duration::from_secs(60);
const AT_ONCE: i64 = 100;

/// The look for sessions whose time has passed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct EndSessions;

impl Job for EndSessions {
    const KIND: &'static str = "end_sessions";
    type State = State;

    async fn run(self, state: &State, run: &JobRun) -> Result<(), JobFailure> {
        while end_due(state, &run.cause).await? {}
        Ok(())
    }
}

/// Whether there may be more.
async fn end_due(state: &State, cause: &Cause) -> Result<bool, AuthError> {
    let (now, why) = (state.clock.now(), reason::SESSION_EXPIRED);
    let mut transaction = state.begin().await?;
    let due = sessions::update_due_revoked(&mut transaction, why, now, AT_ONCE).await?;
    if due.is_empty() {
        return Ok(false);
    }
    let more = i64::try_from(due.len()).is_ok_and(|taken| taken == AT_ONCE);
    let ended = Revocation::record_each(state, &mut transaction, due, why, cause).await?;
    state.commit(transaction).await?;
    for revocation in ended {
        revocation.announce(state).await;
    }
    Ok(more)
}
