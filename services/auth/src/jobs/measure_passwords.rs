//! Keeps the floor of refused passwords up to what is stored. A task and not a job: every replica measures itself.

use std::time::Duration;

use colink_runtime::Requirement;
use tokio_util::sync::CancellationToken;

use crate::error::AuthError;
use crate::state::State;
use crate::store::password_styles;

/// After an import the clock tells for so long which addresses came with it.
const EVERY: Duration = Duration::from_secs(60);

/// Runs until `stop`. The service is ready once it has measured: nobody is refused without the floor.
pub(crate) async fn run(state: State, measured: Requirement, stop: CancellationToken) {
    let mut known = Vec::new();
    loop {
        match refresh(&state, &mut known).await {
            Ok(()) => measured.grant(),
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the times of password checks could not be measured, the next try follows"
            ),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Measures when there are hashes of another style than last time.
async fn refresh(state: &State, known: &mut Vec<String>) -> Result<(), AuthError> {
    let styles = password_styles::list(&state.pool).await?;
    if styles != *known {
        let floor = state.passwords.learn(&styles).await?;
        state.metrics.password_floor_is(floor);
        *known = styles;
    }
    Ok(())
}
