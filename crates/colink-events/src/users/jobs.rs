//! Interventions in the background work of a service.

use colink_core::id::{JobId, UserId};
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::event;

/// An administrator queued a dead job again. The key of the event is the administrator; the job says itself what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRequeued {
    /// The administrator.
    pub user_id: UserId,
    /// The service whose job it is.
    pub service: String,
    /// The job.
    pub job_id: JobId,
    /// What it does.
    pub kind: String,
    /// When.
    pub at: Timestamp,
}

event!(JobRequeued = Users "job.requeued" v 1; |e| e.user_id, |_: &Self| None);
