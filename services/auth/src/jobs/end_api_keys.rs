//! Ends the secrets of API keys whose time has passed. New tokens they get none by then; this closes sockets that
//! were opened with them.

use std::collections::HashMap;
use std::time::Duration;

use colink_core::id::{SessionId, UserId};
use colink_events::Cause;
use tokio_util::sync::CancellationToken;

use crate::error::AuthError;
use crate::revocation::{Revocation, reason};
use crate::state::State;
use crate::store::api_key_secrets;

const EVERY: Duration = Duration::from_secs(5);
const AT_ONCE: i64 = 100;

/// Runs until `stop`.
pub(crate) async fn run(state: State, stop: CancellationToken) {
    loop {
        if let Err(error) = end_due(&state).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "API keys could not be ended, the next try follows"
            );
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn end_due(state: &State) -> Result<(), AuthError> {
    let mut transaction = state.begin().await?;
    let due = api_key_secrets::update_due_ended(&mut transaction, state.clock.now(), AT_ONCE).await?;
    if due.is_empty() {
        return Ok(());
    }
    let mut of: HashMap<UserId, Vec<SessionId>> = HashMap::new();
    for (user_id, secret) in due {
        of.entry(user_id).or_default().push(secret);
    }
    let mut ended = Vec::new();
    for (user_id, secrets) in of {
        let why = reason::API_KEY_EXPIRED;
        let cause = Cause::default();
        ended.push(Revocation::record(state, &mut transaction, user_id, secrets, why, &cause).await?);
    }
    state.commit(transaction).await?;
    for revocation in ended {
        revocation.announce(state).await;
    }
    Ok(())
}
