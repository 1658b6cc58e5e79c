//! Keeps the keyring of this process equal to the database. A task and not a job: every replica needs it.

use std::time::Duration;

use colink_events::Cause;
use colink_runtime::Requirement;
use colink_store::StoreError;
use tokio::time::error::Elapsed;
use tokio_util::sync::CancellationToken;

use super::rotate_keys::{Occasion, reload, rotate};
use crate::error::AuthError;
use crate::state::State;

const RETRY: Duration = Duration::from_secs(1);
/// The driver notices only after a quarter of an hour that the other end has vanished.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs until `stop`. The service is ready once the keys were read.
pub(crate) async fn run(state: State, loaded: Requirement, stop: CancellationToken) {
    loop {
        let refreshed = tokio::time::timeout(PATIENCE, refresh(&state)).await;
        let wait = match refreshed.unwrap_or_else(|elapsed| Err(silent(elapsed))) {
            Ok(()) => {
                loaded.grant();
                state.keys.reload()
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the signing keys could not be read"
                );
                RETRY
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

fn silent(elapsed: Elapsed) -> AuthError {
    StoreError::timeout("postgres", elapsed).into()
}

/// Reads the keys, after making the first one: nobody can sign in before there is one.
async fn refresh(state: &State) -> Result<(), AuthError> {
    if reload(state).await? == 0 {
        rotate(state, &Cause::default(), Occasion::Age).await?;
        // Another replica may have been faster.
        reload(state).await?;
    }
    Ok(())
}
