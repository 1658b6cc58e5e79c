//! Exports of personal data: whoever holds one holds everything that is kept of somebody.

use colink_core::id::{ExportId, UserId};
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::event;

/// A user asked for a copy of his data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRequested {
    /// The user.
    pub user_id: UserId,
    /// The export.
    pub export_id: ExportId,
    /// When.
    pub at: Timestamp,
}

event!(ExportRequested = Users "export.requested" v 1; |e| e.user_id, |_: &Self| None);

/// A user was given a link by which an export is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportOpened {
    /// The user.
    pub user_id: UserId,
    /// The export.
    pub export_id: ExportId,
    /// When.
    pub at: Timestamp,
}

event!(ExportOpened = Users "export.opened" v 1; |e| e.user_id, |_: &Self| None);
