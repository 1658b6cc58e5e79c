//! Makes an export of a user's data and tells him by mail.
//!
//! Run again, it makes the archive anew under the same key. When it is given up, [`super::remove_archives`] notes that the
//! export has failed; a dead job that is queued again still makes the archive.

use std::time::Duration;

use colink_core::id::{ExportId, UserId};
use colink_events::Cause;
use colink_jobs::{Enqueue, Job, JobFailure, JobRun};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::state::State;
use crate::store::exports::{self, Export};
use crate::{export, mail};

/// Made at the same time by one process, so that long exports leave room for other jobs.
const AT_ONCE: usize = 2;

/// An export to be made.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MakeExport {
    user_id: UserId,
    export_id: ExportId,
    /// Where the archive goes; jobs of the release before do not say it.
    #[serde(default)]
    object_key: Option<String>,
}

impl Job for MakeExport {
    const KIND: &'static str = "make_export";
    /// Somebody who wrote a million messages has ten thousand pages of them.
    const TIMEOUT: Duration = Duration::from_secs(10 * 60);
    type State = State;

    async fn run(self, state: &State, run: &JobRun) -> Result<(), JobFailure> {
        let export = exports::lookup(&state.pool, self.user_id, self.export_id).await?;
        let Some(export) = export else { return Ok(self.forget(state).await?) };
        if export.status == exports::READY {
            return Ok(());
        }
        Box::pin(export::make(state, &export)).await?;
        settle(state, &export, &run.cause).await?;
        Ok(())
    }

    fn slots(_state: &State) -> usize {
        AT_ONCE
    }
}

impl MakeExport {
    /// The user was erased: what a run that was cut off has made of him since goes too.
    async fn forget(&self, state: &State) -> Result<(), AuthError> {
        match &self.object_key {
            Some(key) => export::remove(state, key).await,
            None => Ok(()),
        }
    }
}

/// Queues the making of an export, unless it waits or runs already. After the commit `State::commit` wakes the job.
///
/// # Errors
/// Failures of the database.
pub(crate) async fn queue(
    state: &State,
    transaction: &mut PgConnection,
    export: &Export,
    cause: Cause,
) -> Result<(), AuthError> {
    let object_key = Some(export.object_key.clone());
    let job = MakeExport { user_id: export.user_id(), export_id: export.id(), object_key };
    let options = Enqueue::now().dedupe(export.id().to_string()).context(cause);
    colink_jobs::enqueue(transaction, &job, options, state.clock.as_ref()).await?;
    Ok(())
}

async fn settle(state: &State, export: &Export, cause: &Cause) -> Result<(), AuthError> {
    let now = state.clock.now();
    let mut transaction = state.begin().await?;
    let Some(current) = exports::lock(&mut transaction, export.id()).await? else {
        // The user was erased meanwhile: what was made of him goes too.
        return export::remove(state, &export.object_key).await;
    };
    if current.status != exports::READY {
        exports::update_ready(&mut transaction, export.id(), now, now + state.exports.keep()).await?;
        mail::queue(state, &mut transaction, export.user_id(), Template::ExportReady, cause).await?;
    }
    state.commit(transaction).await
}
