//! Deletes archives of exports, and what is left of unfinished ones: of those whose time is over, of erased users, and of
//! exports that were given up, which it notes.
//!
//! It recurs, and is queued once more with the erasure of a user, whose archives are not to wait for its turn.

use std::time::Duration;

use colink_jobs::{Job, JobFailure, JobRun};
use serde::{Deserialize, Serialize};

use super::make_export::MakeExport;
use crate::error::AuthError;
use crate::export;
use crate::state::State;
use crate::store::exports;

const AT_ONCE: i64 = 100;

/// How often it recurs.
pub(crate) const EVERY: Duration = Duration::from_secs(60);

/// The look for archives that are to go.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct RemoveArchives;

impl Job for RemoveArchives {
    const KIND: &'static str = "remove_archives";
    const TIMEOUT: Duration = Duration::from_secs(300);
    type State = State;

    async fn run(self, state: &State, _run: &JobRun) -> Result<(), JobFailure> {
        for key in exports::update_given_up(&state.pool, MakeExport::KIND).await? {
            state.objects.abort_uploads(&key).await?;
        }
        while remove(state).await? {}
        Ok(())
    }
}

/// First the archive, then the row that says where it is. Whether there may be more.
async fn remove(state: &State) -> Result<bool, AuthError> {
    let expired = exports::list_expired(&state.pool, state.clock.now(), AT_ONCE).await?;
    for export in &expired {
        export::remove(state, &export.object_key).await?;
        exports::delete(&state.pool, export.id()).await?;
    }
    let orphans = exports::list_orphans(&state.pool, AT_ONCE).await?;
    for key in &orphans {
        export::remove(state, key).await?;
        exports::delete_orphan(&state.pool, key).await?;
    }
    let full = |rows: usize| i64::try_from(rows).is_ok_and(|rows| rows == AT_ONCE);
    Ok(full(expired.len()) || full(orphans.len()))
}
