//! Deletes exports whose time is over: first the archive, then the row that says where it is.

use colink_jobs::{Job, JobFailure, JobRun};
use serde::{Deserialize, Serialize};

use crate::state::State;
use crate::store::exports;

const AT_ONCE: i64 = 100;

/// Every hour.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct RemoveExports {}

impl Job for RemoveExports {
    const KIND: &'static str = "remove_exports";
    type State = State;

    async fn run(self, state: &State, _: &JobRun) -> Result<(), JobFailure> {
        loop {
            let expired = exports::list_expired(&state.pool, state.clock.now(), AT_ONCE).await?;
            if expired.is_empty() {
                return Ok(());
            }
            for export in expired {
                state.objects.delete(&export.object_key).await?;
                exports::delete(&state.pool, export.id()).await?;
            }
        }
    }
}
