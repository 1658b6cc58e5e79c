//! Deletes the archives of an erased user, whose rows are gone with him.

use colink_jobs::{Job, JobFailure, JobRun};
use serde::{Deserialize, Serialize};

use crate::state::State;

/// Which objects.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RemoveArchives {
    pub(crate) object_keys: Vec<String>,
}

impl Job for RemoveArchives {
    const KIND: &'static str = "remove_archives";
    /// Until the storage is back: what is to be erased is not given up.
    const MAX_ATTEMPTS: u16 = 100;
    type State = State;

    async fn run(self, state: &State, _: &JobRun) -> Result<(), JobFailure> {
        for key in &self.object_keys {
            state.objects.delete(key).await?;
        }
        Ok(())
    }
}
