//! Makes the export of a user's data, and tells him by mail.

use std::time::Duration;

use colink_core::id::ExportId;
use colink_events::Cause;
use colink_jobs::{Job, JobFailure, JobRun};
use serde::{Deserialize, Serialize};

use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::state::State;
use crate::store::exports::{self, Export};
use crate::{export, mail};

/// Which export.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ExportData {
    pub(crate) export_id: ExportId,
}

impl Job for ExportData {
    const KIND: &'static str = "export_data";
    const MAX_ATTEMPTS: u16 = 5;
    /// Somebody who wrote a million messages has ten thousand pages of them.
    const TIMEOUT: Duration = Duration::from_secs(15 * 60);
    type State = State;

    async fn run(self, state: &State, run: &JobRun) -> Result<(), JobFailure> {
        // Gone with its user, or done by a run whose end was not noted.
        let Some(export) = preparing(state, self.export_id).await? else { return Ok(()) };
        if let Err(error) = export::make(state, &export).await {
            if run.is_last() {
                settle(state, &export, exports::FAILED, &run.cause).await?;
            }
            return Err(error.into());
        }
        settle(state, &export, exports::READY, &run.cause).await?;
        Ok(())
    }

    /// Each takes memory for its parts.
    fn slots(_: &State) -> usize {
        2
    }
}

async fn preparing(state: &State, id: ExportId) -> Result<Option<Export>, AuthError> {
    let export = exports::lookup(&state.pool, id).await?;
    Ok(export.filter(|export| export.status == exports::PREPARING))
}

async fn settle(state: &State, export: &Export, status: &str, cause: &Cause) -> Result<(), AuthError> {
    let now = state.clock.now();
    let mut transaction = state.begin().await?;
    let expires_at = now + state.exports.keep();
    let done = exports::update_done(&mut transaction, export.id(), status, now, expires_at).await?;
    if done && status == exports::READY {
        mail::queue(state, &mut transaction, export.user_id(), Template::ExportReady, cause.clone()).await?;
    }
    state.commit(transaction).await?;
    if !done {
        // The user was erased meanwhile: what was made of him goes too.
        state.objects.delete(&export.object_key).await?;
    }
    Ok(())
}
