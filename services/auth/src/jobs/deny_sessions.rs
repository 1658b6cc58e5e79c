//! Puts ended sessions on the deny-list. The row is written with the end of the sessions, so it is there when the
//! process dies between its commit and Redis, and it is tried until Redis took it or no token of them lives any more.
//!
//! Whoever ended the sessions does the same at once; doing it twice changes nothing.

use std::time::Duration;

use chrono::{DateTime, Utc};
use colink_core::id::{SessionId, UserId};
use colink_jobs::{Backoff, Job, JobFailure, JobRun};
use colink_store::StoreError;
use serde::{Deserialize, Serialize};

use crate::state::State;

/// What ended, and until when its access tokens would still be taken.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DenySessions {
    pub(crate) ended: Ended,
    pub(crate) until: DateTime<Utc>,
}

/// Whose tokens count no more.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ended {
    /// Those of some sessions.
    Sessions(Vec<SessionId>),
    /// Those of everything that the user was signed in with until then.
    User(UserId, DateTime<Utc>),
}

impl Job for DenySessions {
    const KIND: &'static str = "deny_sessions";
    /// `until` ends it, not the number of tries.
    const MAX_ATTEMPTS: u16 = u16::MAX;
    /// Also how long a run of a process that died keeps others from taking it up.
    const TIMEOUT: Duration = Duration::from_secs(5);
    const BACKOFF: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(2));
    type State = State;

    async fn run(self, state: &State, _run: &JobRun) -> Result<(), JobFailure> {
        let Ok(lifetime) = (self.until - state.clock.now()).to_std() else { return Ok(()) };
        let told = match &self.ended {
            Ended::Sessions(sessions) => deny(state, sessions, lifetime).await,
            Ended::User(user_id, at) => state.revocations.revoke_user(*user_id, *at, lifetime).await,
        };
        told.map_err(|error| JobFailure::retry("unreachable", error))
    }

    /// While Redis is away these wait for it, and mails must not wait for them.
    fn slots(_state: &State) -> usize {
        4
    }
}

async fn deny(state: &State, sessions: &[SessionId], lifetime: Duration) -> Result<(), StoreError> {
    for session_id in sessions {
        state.revocations.revoke_session(*session_id, lifetime).await?;
    }
    Ok(())
}
